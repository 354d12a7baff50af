namespace Cassini.Streams.Probing;

/// <summary>How the broker watches itself.</summary>
public sealed record ProbingOptions
{
    /// <summary>How often the manager's mailbox is pinged. Default 1 s; more than zero.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often each endpoint's accept loop is probed. Default 1 s; more than zero.</summary>
    public TimeSpan AcceptProbeInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long an accept probe waits for its acknowledgement. Default 2 s, so that one that is lost leaves time for another
    /// within the health window; more than zero.
    /// </summary>
    public TimeSpan AcceptProbeTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The unit of <see cref="StallWindows"/>. Default 5 s; more than zero.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// An accept loop that acknowledged nothing for this many <see cref="Window"/>s while it was bound is restarted.
    /// Default 3; at least 1.
    /// </summary>
    public int StallWindows { get; init; } = 3;

    /// <summary>How often the canary makes its round. Default 10 s; more than zero.</summary>
    public TimeSpan CanaryInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the canary's round trip to one endpoint may take. Default 5 s; more than zero.</summary>
    public TimeSpan CanaryTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>PEM file with the canary's client certificate and its intermediates. Default null: the canary is off.</summary>
    public string? CanaryCertificatePath { get; init; }

    /// <summary>PEM file with the certificate's private key. Default null: the canary is off.</summary>
    public string? CanaryKeyPath { get; init; }
}
