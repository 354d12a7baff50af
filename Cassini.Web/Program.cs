using Cassini.Harness;
using Cassini.Harness.Health;
using Cassini.Web.Cli;
using Cassini.Web.Cli.Context;

if (Surroundings.Prepare() is { } problem)
{
    Console.Error.WriteLine($"cassini: {problem}");
    return ExitCode.Error;
}

using var signals = new ProcessSignals();
var context = CliContext.OfProcess(TimeProvider.System, signals);

return await CommandLine.RunAsync(
    args,
    context,
    ServeCommand.Create(context),
    WaitCommand.Create(context),
    WatchCommand.Create(context),
    RunCommand.Create(context, FeedBrokerHealth.Factory(context.Time)),
    ReplayCommand.Create(context),
    PubCommand.Create(context),
    SubCommand.Create(context),
    CertsCommand.Create(context));
