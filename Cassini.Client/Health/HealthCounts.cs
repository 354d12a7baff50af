using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Cassini.Streams.Events;

namespace Cassini.Streams.Health;

/// <summary>The fold's counts since the epoch began. Probe traffic is not counted.</summary>
public sealed record HealthCounts
{
    /// <summary>The counts before the first event.</summary>
    public static readonly HealthCounts Zero = new();

    /// <summary>Connections accepted. Always <see cref="Handshaking"/> + <see cref="Open"/> + <see cref="Closed"/>.</summary>
    public long Accepted { get; init; }

    /// <summary>Connections whose handshake has not ended yet.</summary>
    public long Handshaking { get; init; }

    /// <summary>Connections that passed the handshake and are not closed.</summary>
    public long Open { get; init; }

    /// <summary>Connections that have had their terminal event.</summary>
    public long Closed { get; init; }

    /// <summary>Handshakes that succeeded.</summary>
    public long HandshakesCompleted { get; init; }

    /// <summary>Handshakes that failed, by <see cref="HandshakeFailure"/>.</summary>
    [JsonConverter(typeof(CountsByName<HandshakeFailure>))]
    public ImmutableArray<long> HandshakesFailed { get; init; } = [.. new long[Enum.GetValues<HandshakeFailure>().Length]];

    /// <summary>Connections that a handler began to serve.</summary>
    public long ConnectionsOpened { get; init; }

    /// <summary>Open connections that closed, by <see cref="CloseReason"/>.</summary>
    [JsonConverter(typeof(CountsByName<CloseReason>))]
    public ImmutableArray<long> ConnectionsClosed { get; init; } = [.. new long[Enum.GetValues<CloseReason>().Length]];

    /// <summary>Sessions that are open.</summary>
    public long OpenSessions { get; init; }

    /// <summary>Sessions opened.</summary>
    public long SessionsOpened { get; init; }

    /// <summary>Sessions closed, by <see cref="CloseReason"/>.</summary>
    [JsonConverter(typeof(CountsByName<CloseReason>))]
    public ImmutableArray<long> SessionsClosed { get; init; } = [.. new long[Enum.GetValues<CloseReason>().Length]];

    /// <summary>Failed bind attempts.</summary>
    public long BindFailures { get; init; }

    /// <summary>Failed accepts.</summary>
    public long AcceptFailures { get; init; }

    /// <summary>Crashes, by <see cref="ComponentKind"/>.</summary>
    [JsonConverter(typeof(CountsByName<ComponentKind>))]
    public ImmutableArray<long> Crashes { get; init; } = [.. new long[Enum.GetValues<ComponentKind>().Length]];

    /// <summary>Restarts after a crash.</summary>
    public long Restarts { get; init; }

    /// <summary>Identities put into quarantine.</summary>
    public long Quarantines { get; init; }

    /// <summary>Canary round trips that succeeded.</summary>
    public long CanarySuccesses { get; init; }

    /// <summary>Canary round trips that failed.</summary>
    public long CanaryFailures { get; init; }

    /// <summary>Application bytes read from clients, as of the last sample.</summary>
    public long BytesReceived { get; init; }

    /// <summary>Application bytes written to clients, as of the last sample.</summary>
    public long BytesSent { get; init; }

    /// <summary>Health transitions.</summary>
    public long Transitions { get; init; }

    /// <summary>Events that contradict the life cycle of a connection or a session: always 0 unless there is a bug.</summary>
    public long Anomalies { get; init; }
}
