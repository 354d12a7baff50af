using System.Globalization;
using Cassini.Harness;
using Cassini.Harness.Clients;
using Cassini.Harness.Verdicts;
using Cassini.Harness.Workers;
using Cassini.Streams.Primitives;
using Cassini.Web.Cli.Context;

namespace Cassini.Web.Cli.Running;

/// <summary><c>cassini run --role … --join …</c>.</summary>
internal sealed class WorkerAction(CliContext context)
{
    public async Task<int> RunAsync(WorkerRole role, string? name, HostPort controller, TlsFiles own, TlsFiles broker)
    {
        name ??= string.Create(CultureInfo.InvariantCulture, $"{role.ToString().ToLowerInvariant()}-{Environment.ProcessId}");
        try
        {
            var session = new WorkerSession(role, name, own.Read(), broker.Read(), context.Out.WriteLine, context.Time);
            await session.RunAsync(controller, context.Signals.Stop);
            return ExitCode.Ok;
        }
        catch (HarnessException exception)
        {
            context.Complain(exception.Message);
            return ExitCode.Of(exception.Verdict);
        }
        catch (ClientException exception)
        {
            context.Complain(exception.Message);
            return ExitCode.Error;
        }
    }
}
