using Cassini.Streams.Settings;

namespace Cassini.Streams.Probing;

/// <summary>How the broker probes itself.</summary>
public sealed record ProbingOptions : IOptionsRecord
{
    /// <summary>How often the manager's mailbox is pinged.</summary>
    [Within("10ms", "1h")]
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often each endpoint's accept loop is probed.</summary>
    [Within("10ms", "1h")]
    public TimeSpan AcceptProbeInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long an accept probe waits for its acknowledgement. It should be so short that after a lost probe there is time for another
    /// one within <c>Health:Window</c>.
    /// </summary>
    [Within("10ms", "1h")]
    public TimeSpan AcceptProbeTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The unit of <see cref="StallWindows"/>.</summary>
    [Within("100ms", "1h")]
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>An accept loop that acknowledged no probe for this many <see cref="Window"/>s while it was bound is restarted.</summary>
    [Within(1, 1_000)]
    public int StallWindows { get; init; } = 3;

    /// <summary>How often the canary makes its round trips.</summary>
    [Within("100ms", "1h")]
    public TimeSpan CanaryInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the canary's round trip to one endpoint may take.</summary>
    [Within("100ms", "1h")]
    public TimeSpan CanaryTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The canary's client certificate and its intermediates. Without it the canary is off.</summary>
    [Form("PEM file")]
    public string? CanaryCertificatePath { get; init; }

    /// <summary>The private key to <see cref="CanaryCertificatePath"/>. Without it the canary is off.</summary>
    [Form("PEM file")]
    public string? CanaryKeyPath { get; init; }
}
