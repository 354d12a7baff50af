using System.Collections.Immutable;

namespace Cassini.Streams.Health.Checks;

/// <summary>The checks in the order of <see cref="CheckNames.All"/>.</summary>
internal static class AllChecks
{
    public static readonly ImmutableArray<Check> InOrder =
    [
        new ProjectionCheck(),
        new BindCheck(),
        new ManagerCheck(),
        new AcceptCheck(),
        new CanaryCheck(),
        new SupervisionCheck(),
        new HandshakeCheck(),
        new CertificateCheck(),
        new BacklogCheck(),
        new CapacityCheck(),
        new StoreCheck(),
        new ConfigurationCheck(),
        new ClusterCheck(),
        new PhaseCheck(),
    ];
}
