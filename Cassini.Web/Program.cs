using Cassini.Web.Cli;
using Cassini.Web.Harness;

using var signals = new ProcessSignals();
var context = CliContext.OfProcess(TimeProvider.System, signals);

return await CommandLine.RunAsync(
    args,
    context,
    ServeCommand.Create(context),
    WaitCommand.Create(context),
    WatchCommand.Create(context),
    ReplayCommand.Create(context),
    CertsCommand.Create(context),
    RunCommand.Create(context, _ => throw new HarnessException("following a broker's health comes with a later version")));
