using Cassini.Streams.Broker.Access;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt.Packets;

namespace Cassini.Streams.Broker.Connections;

/// <summary>A client that is connected: its session, and what it may do.</summary>
internal sealed class Client(
    SessionTable sessions,
    BrokerCounters counters,
    ServerPublisher publisher,
    TimeProvider time,
    ClientLink link,
    Session session,
    Attachment attachment,
    ClientAccess access,
    ConnectPacket connect)
{
    public Session Session { get; } = session;

    /// <summary>What ties it to its session.</summary>
    public Attachment Attachment { get; } = attachment;

    public ClientAccess Access { get; } = access;

    public string Identity => link.Connection.Transport.Identity;

    /// <summary>Whether it is the broker's own health probe: no limit holds for it, and it is in no count.</summary>
    public bool IsProbe => link.Connection.Transport.IsProbe;

    /// <summary>Whether it wants reason strings on packets other than CONNACK, DISCONNECT and PUBLISH [MQTT-3.1.2-29].</summary>
    public bool WantsProblemInformation { get; } = connect.Properties.RequestProblemInformation ?? true;

    /// <summary>The session expiry interval that it asked for in CONNECT, in seconds.</summary>
    public uint RequestedExpiry { get; } = connect.Properties.SessionExpiryInterval ?? 0;

    /// <summary>A new session expiry interval, given in DISCONNECT; null when it stays.</summary>
    public uint? NewExpiry { get; set; }

    /// <summary>Its connection is over: the session is closed, and kept or ended.</summary>
    /// <returns>Ends when that is published, whoever does it.</returns>
    public async Task LeaveAsync(CloseReason reason)
    {
        var end = Session.Detach(Attachment, NewExpiry);
        if (Session.IsListed)
        {
            sessions.NoteClosed();
        }

        // Whoever took the session over publishes how it closed; the end of this connection comes after that.
        await (end.Turn is { } turn ? PublishAsync(turn, reason, end.Ended) : Session.Published);

        // Not before: a session that is made in its place waits with its own events for the last ones of this.
        if (end.Ended && Session.IsListed)
        {
            sessions.Remove(Session);
        }

        publisher.Publish(end.Will, Session);
    }

    private Task PublishAsync(SessionTurn turn, CloseReason reason, bool hasEnded)
    {
        if (hasEnded && !IsProbe)
        {
            counters.AddEnded(SessionEndReason.EndedWithConnection);
        }

        return turn.PublishAsync(
            link.Connection.Transport.Events,
            Attachment.Closed(Session.ClientId, reason, isKept: !hasEnded, time),
            hasEnded ? new SessionEnded(Session.ClientId, SessionEndReason.EndedWithConnection) : null).AsTask();
    }
}
