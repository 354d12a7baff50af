using Cassini.Harness;
using Cassini.Harness.Health;
using Cassini.Web.Cli;
using Cassini.Web.Cli.Context;

return Surroundings.ShortageOfFiles(args) is { } shortage ? Surroundings.Refuse(shortage) : await RunAsync(args);

// A method of its own, because the runtime loads what a method names before the method runs.
static async Task<int> RunAsync(string[] args)
{
    ClosedStreams.Avoid();
    if (Surroundings.Prepare() is { } problem)
    {
        Console.Error.WriteLine($"cassini: {problem}");
        return ExitCode.Error;
    }

    using var signals = new ProcessSignals();
    using var output = OutputEnd.OfProcess(signals);
    var context = CliContext.OfProcess(TimeProvider.System, output);

    return await CommandLine.RunAsync(
        args,
        context,
        ServeCommand.Create(CliContext.OfProcess(context.Time, signals)),
        WaitCommand.Create(context),
        WatchCommand.Create(context),
        RunCommand.Create(context, FeedBrokerHealth.Factory(context.Time)),
        ReplayCommand.Create(context),
        PubCommand.Create(context),
        SubCommand.Create(context),
        AdminCommand.Create(context),
        StoreCommand.Create(context),
        CertsCommand.Create(context),
        HelpCommand.Create(context),
        CompletionCommand.Create(context),
        ManCommand.Create(context));
}
