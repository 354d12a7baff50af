using Cassini.Streams.Settings;

namespace Cassini.Streams.Health;

/// <summary>What counts as ok, degraded and an error: the thresholds of the checks.</summary>
public sealed record HealthPolicy : IOptionsRecord
{
    /// <summary>How often the fold gets the current time when no event happens.</summary>
    [Within("10ms", "10s")]
    public TimeSpan Tick { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Within this time a heartbeat and each endpoint's accept probe must have succeeded, and a tick must have passed.</summary>
    [Within("100ms", "10m")]
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How old the last tick may be before <c>/livez</c> fails. Several times <see cref="Window"/>, so that a busy machine is not
    /// restarted for being busy.
    /// </summary>
    [Within("100ms", "1h")]
    public TimeSpan LiveWindow { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>From this duration on, a round trip of a heartbeat or an accept probe is slow.</summary>
    [Within("1ms", "1m")]
    public TimeSpan SlowRoundTrip { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>From this duration on, a round trip of the canary is slow.</summary>
    [Within("1ms", "1m")]
    public TimeSpan SlowCanary { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A status that was entered at a threshold is left only below this part of the threshold, so that a value near it does not flap.
    /// </summary>
    [Within(0.01, 1)]
    public double LeaveRatio { get; init; } = 0.8;

    /// <summary>Consecutive canary failures that make an error.</summary>
    [Within(1, 100)]
    public int CanaryErrorAfter { get; init; } = 2;

    /// <summary>After this time without any canary result the canary itself counts as dead.</summary>
    [Within("1s", "1h")]
    public TimeSpan CanaryWindow { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>If another client opened a session within this time, a failing canary is only degraded.</summary>
    [Within("0", "1h")]
    public TimeSpan OtherClientWindow { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// A worse status is kept for at least this time, and a crash is an error for at least this time, so that a poller cannot miss
    /// either.
    /// </summary>
    [Within("0", "1h")]
    public TimeSpan Hold { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a crash is remembered.</summary>
    [Within("1s", "1d")]
    public TimeSpan CrashWindow { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>This many crashes within <see cref="CrashWindow"/> are an error; fewer are degraded.</summary>
    [Within(1, 10_000)]
    public int CrashLimit { get; init; } = 5;

    /// <summary>How long a handshake counts.</summary>
    [Within("1s", "1d")]
    public TimeSpan HandshakeWindow { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>With fewer handshakes than this within <see cref="HandshakeWindow"/> the check judges nothing.</summary>
    [Within(1, 1_000_000)]
    public int HandshakeMinimum { get; init; } = 20;

    /// <summary>Above this share of refused handshakes the check is degraded.</summary>
    [Within(0, 1)]
    public double HandshakeRefusedRatio { get; init; } = 0.5;

    /// <summary>
    /// At most this many refused handshakes of one address (IPv6: one /64) count, so that one peer alone cannot degrade the check. Where
    /// all clients come from one address, for example of a proxy, give it at least the value of <see cref="HandshakeMinimum"/>.
    /// </summary>
    [Within(1, 1_000_000)]
    public int HandshakesPerAddress { get; init; } = 5;

    /// <summary>
    /// A certificate that expires within this time is degraded, but never before the last third of its life, so that a certificate of a
    /// day is not always expiring.
    /// </summary>
    [Within("0", "3650d")]
    public TimeSpan CertificateExpiring { get; init; } = TimeSpan.FromDays(14);

    /// <summary>Above this number of queued messages the check is degraded.</summary>
    [Within(1)]
    public long BacklogSoft { get; init; } = 1_000_000;

    /// <summary>Above this number of queued messages the check is an error.</summary>
    [Within(1)]
    public long BacklogHard { get; init; } = 10_000_000;

    /// <summary>
    /// Above this share of a limit (connections, sessions, memory, retained messages, shared subscriptions, file descriptors) the check is
    /// degraded.
    /// </summary>
    [Within(0.01, 1)]
    public double CapacityHigh { get; init; } = 0.8;

    /// <summary>From this duration on, a commit of the store is slow.</summary>
    [Within("1ms", "1h")]
    public TimeSpan SlowCommit { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A change of the store that waits for so long to become durable is an error: the disk stands still.</summary>
    [Within("1ms", "1h")]
    public TimeSpan StalledCommit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>This many changes of a raw status within <see cref="FlappingWindow"/> are flapping.</summary>
    [Within(2, 1_000)]
    public int FlappingTransitions { get; init; } = 4;

    /// <summary>How long a change of a raw status counts towards flapping.</summary>
    [Within("1s", "1d")]
    public TimeSpan FlappingWindow { get; init; } = TimeSpan.FromMinutes(5);
}
