using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>What a connection got from the table of sessions.</summary>
/// <param name="Session">The session; null when it is refused.</param>
/// <param name="Turn">In which that is published; null when it is refused.</param>
/// <param name="IsPresent">Whether the session existed.</param>
/// <param name="Lost">The attachment that lost it: its connection must be closed [MQTT-3.1.4-3]. Null when there was none.</param>
/// <param name="End">The end of the session that its client had before.</param>
/// <param name="EndReason">Why that ended.</param>
/// <param name="Reason">Why it is refused.</param>
/// <param name="Detail">The same for people.</param>
internal sealed record AttachResult(
    Session? Session,
    SessionTurn? Turn,
    bool IsPresent,
    Attachment? Lost,
    SessionEnd End,
    SessionEndReason EndReason,
    ReasonCode Reason,
    string Detail)
{
    public static AttachResult Refused(ReasonCode reason, string detail) =>
        new(null, null, false, null, SessionEnd.None, default, reason, detail);
}
