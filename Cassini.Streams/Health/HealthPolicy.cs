namespace Cassini.Streams.Health;

/// <summary>What counts as well, poorly and ill. Every value is an option; the defaults are documented here.</summary>
public sealed record HealthPolicy
{
    /// <summary>How often time passes for the fold when nothing happens. Default 500 ms; 10 ms to 10 s.</summary>
    public TimeSpan Tick { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// Within this time a heartbeat and each endpoint's accept probe must have succeeded, and a tick must have passed.
    /// Default 5 s; 100 ms to 10 min, at least twice <see cref="Tick"/>.
    /// </summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How old the last tick may be before <c>/livez</c> fails. Several times <see cref="Window"/>, so that a busy
    /// machine is not restarted for being busy. Default 30 s; at least <see cref="Window"/>, at most 1 h.
    /// </summary>
    public TimeSpan LiveWindow { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Round trips of heartbeats and accept probes from here on are slow. Default 500 ms; 1 ms to 1 min.</summary>
    public TimeSpan SlowRoundTrip { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Canary round trips from here on are slow. Default 1 s; 1 ms to 1 min.</summary>
    public TimeSpan SlowCanary { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// What was entered over a threshold is left below this part of it, so that a value at the threshold does not
    /// flap. Default 0.8; over 0, at most 1.
    /// </summary>
    public double LeaveRatio { get; init; } = 0.8;

    /// <summary>Consecutive canary failures that make an error. Default 2; 1 to 100.</summary>
    public int CanaryErrorAfter { get; init; } = 2;

    /// <summary>Without any canary result for this long the canary itself counts as dead. Default 30 s; 1 s to 1 h.</summary>
    public TimeSpan CanaryWindow { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A session opened by another client within this time caps a failing canary at degraded. Default 15 s; 0 to 1 h.</summary>
    public TimeSpan OtherClientWindow { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// A worse status is left no sooner than this after it was entered, and a crash is an error for at least this long,
    /// so that a poller cannot miss either. Default 15 s; 0 to 1 h.
    /// </summary>
    public TimeSpan Hold { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a crash is remembered. Default 60 s; 1 s to 1 day.</summary>
    public TimeSpan CrashWindow { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Crashes within <see cref="CrashWindow"/> that are an error; fewer are degraded. Default 5; 1 to 10,000.</summary>
    public int CrashLimit { get; init; } = 5;

    /// <summary>How long a handshake counts. Default 60 s; 1 s to 1 day.</summary>
    public TimeSpan HandshakeWindow { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Fewer handshakes than this within the window say nothing. Default 20; 1 to 1,000,000.</summary>
    public int HandshakeMinimum { get; init; } = 20;

    /// <summary>The part of refused handshakes over which it is degraded. Default 0.5; 0 to 1.</summary>
    public double HandshakeRefusedRatio { get; init; } = 0.5;

    /// <summary>
    /// A certificate with less time than this left is degraded, but never before the last third of its life: a
    /// certificate of a day is not always expiring. Default 14 days; 0 to 3,650 days.
    /// </summary>
    public TimeSpan CertificateExpiring { get; init; } = TimeSpan.FromDays(14);

    /// <summary>Queued messages over which it is degraded. Default 100,000; at least 1.</summary>
    public long BacklogSoft { get; init; } = 100_000;

    /// <summary>Queued messages over which it is an error. Default 1,000,000; at least <see cref="BacklogSoft"/>.</summary>
    public long BacklogHard { get; init; } = 1_000_000;

    /// <summary>Changes of a raw status within <see cref="FlappingWindow"/> that are flapping. Default 4; 2 to 1,000.</summary>
    public int FlappingTransitions { get; init; } = 4;

    /// <summary>How long a change of a raw status counts towards flapping. Default 5 min; 1 s to 1 day.</summary>
    public TimeSpan FlappingWindow { get; init; } = TimeSpan.FromMinutes(5);
}
