using Cassini.Streams.Events;

namespace Cassini.Tests.Health;

/// <summary>Events that many tests of health publish.</summary>
internal static class Happened
{
    public const string Endpoint = "127.0.0.1:8883";

    public static readonly Component Manager = new(ComponentKind.ListenerManager, "");

    public static ListenerBound Bound(string endpoint = Endpoint) => new(endpoint, endpoint);

    public static BindFailed BindFailed(string endpoint = Endpoint) =>
        new(endpoint, "AddressAlreadyInUse", "address already in use", 1, TimeSpan.FromSeconds(4));

    public static HeartbeatReceived Heartbeat(double milliseconds = 1, int live = 0, long countedAt = long.MaxValue) =>
        new(TimeSpan.FromMilliseconds(milliseconds), live, countedAt);

    public static AcceptProbed Probed(string endpoint = Endpoint, double milliseconds = 1) =>
        new(endpoint, TimeSpan.FromMilliseconds(milliseconds));

    public static CanarySucceeded CanarySucceeded(double milliseconds = 10) =>
        new(TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromMilliseconds(milliseconds));

    public static CanaryFailed CanaryFailed(CanaryFailure reason = CanaryFailure.TimedOut) =>
        new(Endpoint, CanaryStage.Session, reason, "no session");

    public static Crashed Crashed(ComponentKind kind, string name = "1", double? restartInSeconds = null) => new(
        new Component(kind, name), "IOException", "boom", 1, restartInSeconds is { } s ? TimeSpan.FromSeconds(s) : null);

    /// <summary>A certificate that began long ago, when its life is not given.</summary>
    public static CertificateLoaded Certificate(CertificateRole role, DateTimeOffset notAfter, TimeSpan? life = null) =>
        new(role, "CN=test", "00", notAfter - (life ?? TimeSpan.FromDays(365 * 100)), notAfter);

    /// <summary>One load: its parts in their order, each of which says how many follow.</summary>
    public static IEnumerable<CertificateLoaded> Load(params CertificateLoaded[] parts) =>
        parts.Select((part, index) => part with { Following = parts.Length - 1 - index });

    public static HandshakeFailed Refused(
        long id, HandshakeFailure reason = HandshakeFailure.UntrustedCertificate, string? address = null, string? detail = null) =>
        new(id, reason, detail, TimeSpan.Zero, address);

    /// <summary>The load of an MQTT broker with nothing to do.</summary>
    public static LoadSampled Load() => new(0, 0, 0, 0, 0, 0)
    {
        Capacity = new Capacity(new ResourceUse(0, 10_000), new ResourceUse(0, 100_000), new ResourceUse(0, 1_000_000)),
    };

    public static HandshakeCompleted Completed(long id) => new(id, "alice", "TLS 1.3", TimeSpan.Zero);
}
