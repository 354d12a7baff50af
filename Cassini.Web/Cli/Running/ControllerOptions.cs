using Cassini.Harness.Clients;
using Cassini.Harness.Workers;
using Cassini.Streams.Primitives;

namespace Cassini.Web.Cli.Running;

/// <param name="PlanFile">The plan's full path.</param>
/// <param name="PlanName">The path as it was given; every error message begins with it.</param>
internal sealed record ControllerOptions(string PlanFile, string PlanName)
{
    public bool CheckOnly { get; init; }

    public bool Json { get; init; }

    public string? ReportFile { get; init; }

    public string? JunitFile { get; init; }

    public HostPort? Listen { get; init; }

    public IReadOnlyDictionary<WorkerRole, int>? Workers { get; init; }

    public TlsFiles? Tls { get; init; }
}
