using Cassini.Streams.Settings;

namespace Cassini.Streams.Health;

/// <summary>What counts as ok, degraded and an error: the thresholds of the checks.</summary>
public sealed record HealthPolicy
{
    /// <summary>How often time passes for the fold when nothing happens.</summary>
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

    /// <summary>Round trips of heartbeats and accept probes from here on are slow.</summary>
    [Within("1ms", "1m")]
    public TimeSpan SlowRoundTrip { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Canary round trips from here on are slow.</summary>
    [Within("1ms", "1m")]
    public TimeSpan SlowCanary { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>What was entered over a threshold is left below this part of it, so that a value at the threshold does not flap.</summary>
    [Within(0.01, 1)]
    public double LeaveRatio { get; init; } = 0.8;

    /// <summary>Consecutive canary failures that make an error.</summary>
    [Within(1, 100)]
    public int CanaryErrorAfter { get; init; } = 2;

    /// <summary>Without any canary result for this long the canary itself counts as dead.</summary>
    [Within("1s", "1h")]
    public TimeSpan CanaryWindow { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A session opened by another client within this time caps a failing canary at degraded.</summary>
    [Within("0", "1h")]
    public TimeSpan OtherClientWindow { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// A worse status is left no sooner than this after it was entered, and a crash is an error for at least this long, so that a
    /// poller cannot miss either.
    /// </summary>
    [Within("0", "1h")]
    public TimeSpan Hold { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a crash is remembered.</summary>
    [Within("1s", "1d")]
    public TimeSpan CrashWindow { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Crashes within <see cref="CrashWindow"/> that are an error; fewer are degraded.</summary>
    [Within(1, 10_000)]
    public int CrashLimit { get; init; } = 5;

    /// <summary>How long a handshake counts.</summary>
    [Within("1s", "1d")]
    public TimeSpan HandshakeWindow { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Fewer handshakes than this within <see cref="HandshakeWindow"/> say nothing.</summary>
    [Within(1, 1_000_000)]
    public int HandshakeMinimum { get; init; } = 20;

    /// <summary>The part of refused handshakes over which it is degraded.</summary>
    [Within(0, 1)]
    public double HandshakeRefusedRatio { get; init; } = 0.5;

    /// <summary>
    /// A certificate with less time than this left is degraded, but never before the last third of its life: a certificate of a day
    /// is not always expiring.
    /// </summary>
    [Within("0", "3650d")]
    public TimeSpan CertificateExpiring { get; init; } = TimeSpan.FromDays(14);

    /// <summary>Queued messages over which it is degraded.</summary>
    [Within(1)]
    public long BacklogSoft { get; init; } = 100_000;

    /// <summary>Queued messages over which it is an error.</summary>
    [Within(1)]
    public long BacklogHard { get; init; } = 1_000_000;

    /// <summary>Changes of a raw status within <see cref="FlappingWindow"/> that are flapping.</summary>
    [Within(2, 1_000)]
    public int FlappingTransitions { get; init; } = 4;

    /// <summary>How long a change of a raw status counts towards flapping.</summary>
    [Within("1s", "1d")]
    public TimeSpan FlappingWindow { get; init; } = TimeSpan.FromMinutes(5);
}
