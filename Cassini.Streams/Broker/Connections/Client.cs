using Cassini.Streams.Broker.Access;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;

namespace Cassini.Streams.Broker.Connections;

/// <summary>A client that is connected: its session, what it may do, and its will.</summary>
internal sealed class Client(
    SessionTable sessions,
    BrokerCounters counters,
    ServerPublisher publisher,
    ClientConnection connection,
    Session session,
    ClientAccess access,
    ConnectPacket connect)
{
    private WillMessage? _will = connect.Will;

    public Session Session { get; } = session;

    public ClientAccess Access { get; } = access;

    public string Identity => connection.Transport.Identity;

    /// <summary>Whether it is our own canary: past all limits and in no count.</summary>
    public bool IsProbe => connection.Transport.IsProbe;

    /// <summary>Whether it wants reason strings on packets other than CONNACK, DISCONNECT and PUBLISH [MQTT-3.1.2-29].</summary>
    public bool WantsProblemInformation { get; } = connect.Properties.RequestProblemInformation ?? true;

    /// <summary>Session expiry interval as it asked for it when it connected, in seconds.</summary>
    public uint RequestedExpiry { get; } = connect.Properties.SessionExpiryInterval ?? 0;

    /// <summary>A new session expiry interval, given with DISCONNECT.</summary>
    public uint? NewExpiry { get; set; }

    /// <summary>It said goodbye, so its will is not published [MQTT-3.14.4-3].</summary>
    public void DiscardWill() => Interlocked.Exchange(ref _will, null);

    /// <summary>Its connection is over: the session is closed, and kept or ended.</summary>
    /// <returns>Ends when that is published, whoever does it.</returns>
    public async Task LeaveAsync(CloseReason reason)
    {
        var end = Session.Detach(connection, Interlocked.Exchange(ref _will, null), NewExpiry);
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

    /// <summary>Another connection took its session, or ended it. Its will is due unless the session goes on and the will may wait (§3.1.4).</summary>
    public void LoseWill(bool ended)
    {
        var will = Interlocked.Exchange(ref _will, null);
        if (ended || will is { Properties.WillDelayInterval: null or 0 })
        {
            publisher.Publish(will, Session);
        }
    }

    private Task PublishAsync(SessionTurn turn, CloseReason reason, bool hasEnded)
    {
        if (hasEnded && !IsProbe)
        {
            counters.AddEnded(SessionEndReason.EndedWithConnection);
        }

        return turn.PublishAsync(
            connection.Transport.Events,
            connection.SessionClosed(Session.ClientId, reason, isKept: !hasEnded),
            hasEnded ? new SessionEnded(Session.ClientId, SessionEndReason.EndedWithConnection) : null).AsTask();
    }
}
