using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>What a connection got from the table of sessions.</summary>
/// <param name="Session">The session; null when it is refused.</param>
/// <param name="IsPresent">Whether the session existed.</param>
/// <param name="Lost">The attachment that lost it: its connection must be closed [MQTT-3.1.4-3]. Null when there was none.</param>
/// <param name="Will">A will of the session that ended.</param>
/// <param name="Reason">Why it is refused.</param>
/// <param name="Detail">The same for people.</param>
internal sealed record AttachResult(Session? Session, bool IsPresent, Attachment? Lost, WillMessage? Will, ReasonCode Reason, string Detail)
{
    public static AttachResult Refused(ReasonCode reason, string detail) => new(null, false, null, null, reason, detail);
}
