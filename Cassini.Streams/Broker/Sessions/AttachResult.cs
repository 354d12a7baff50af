using System.Runtime.ExceptionServices;
using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>What a connection got from the table of sessions.</summary>
/// <param name="Session">The session; null when it is refused, or cannot be made.</param>
/// <param name="History">What happened to the client's sessions: it must be published.</param>
/// <param name="IsPresent">Whether the session existed.</param>
/// <param name="Lost">The attachment that lost it: its connection must be closed [MQTT-3.1.4-3]. Null when there was none.</param>
/// <param name="Reason">Why it is refused.</param>
/// <param name="Detail">The same for people.</param>
/// <param name="Failure">What the store threw, so that there is no session: it must be thrown. Null when it did not throw.</param>
internal sealed record AttachResult(
    Session? Session,
    PendingEvents History,
    bool IsPresent = false,
    Attachment? Lost = null,
    ReasonCode Reason = default,
    string Detail = "",
    ExceptionDispatchInfo? Failure = null)
{
    /// <summary>What the end of the session that its client had before leaves to do: its will, and what others must get.</summary>
    public SessionEnd End { get; init; } = SessionEnd.None;

    /// <summary>The limit that leaves no place for it; null when it is not refused for that.</summary>
    public CapacityReached? Reached { get; init; }
}
