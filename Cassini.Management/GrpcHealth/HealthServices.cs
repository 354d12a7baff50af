using System.Collections.Frozen;
using Cassini.Management.Probes;
using Cassini.Streams.Health;
using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace Cassini.Management.GrpcHealth;

/// <summary>
/// The names that the health protocol may ask for, and the verdict behind each of them: the same probes as on the management surface.
/// The empty name, which stands for the whole server, is readyz.
/// </summary>
/// <param name="namesChecks">
/// Whether each check has a name too. Off loopback a caller learns only what an anonymous caller learns from the three probes.
/// </param>
internal sealed class HealthServices(bool namesChecks)
{
    private static readonly FrozenDictionary<string, ProbeScope> Probes = new Dictionary<string, ProbeScope>
    {
        [""] = new(Probe.Readyz, null, []),
        [Probe.Readyz.Name] = new(Probe.Readyz, null, []),
        [Probe.Livez.Name] = new(Probe.Livez, null, []),
        [Probe.Healthz.Name] = new(Probe.Healthz, null, []),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, ProbeScope> Checks =
        CheckNames.All.ToFrozenDictionary(name => name, name => new ProbeScope(Probe.Healthz, name, []), StringComparer.Ordinal);

    /// <summary>What the name stands for; null for a name that stands for nothing.</summary>
    public ProbeScope? Find(string service) =>
        Probes.GetValueOrDefault(service) ?? (namesChecks ? Checks.GetValueOrDefault(service) : null);

    public static ServingStatus Judge(ProbeScope scope, HealthSnapshot snapshot) =>
        scope.Passes(snapshot) ? ServingStatus.Serving : ServingStatus.NotServing;
}
