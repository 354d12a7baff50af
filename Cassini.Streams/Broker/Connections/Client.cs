using Cassini.Streams.Broker.Access;
using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Primitives;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Connections;

/// <summary>A client that is connected: its session, and what it may do.</summary>
internal sealed class Client(
    SessionTable sessions,
    ServerPublisher publisher,
    IdentityWork work,
    ClientLink link,
    Session session,
    Attachment attachment,
    ClientAccess access,
    ConnectPacket connect)
{
    /// <summary>A session with so many subscriptions and messages ends in less than a millisecond.</summary>
    private const int Little = 256;

    private bool _hasLeft;

    public Session Session { get; } = session;

    /// <summary>What ties it to its session.</summary>
    public Attachment Attachment { get; } = attachment;

    public ClientAccess Access { get; } = access;

    public string Identity => link.Connection.Transport.Identity;

    /// <summary>
    /// Whether it is the broker's own health probe. The limits of sessions, topics, subscriptions, memory and rate do not hold for it, and
    /// it is in no count.
    /// </summary>
    public bool IsProbe => link.Connection.Transport.IsProbe;

    /// <summary>
    /// Whether it is another broker. It publishes again what it receives, so its subscriptions keep the RETAIN flag and exclude its own
    /// messages, which MQTT 3.1.1 has no options for.
    /// </summary>
    public bool IsBridge { get; } = connect.IsBridge;

    /// <summary>Whether it wants reason strings on packets other than CONNACK, DISCONNECT and PUBLISH [MQTT-3.1.2-29].</summary>
    public bool WantsProblemInformation { get; } = connect.Properties.RequestProblemInformation ?? true;

    /// <summary>The session expiry interval that it asked for in CONNECT, in seconds.</summary>
    public uint RequestedExpiry { get; } = connect.Properties.SessionExpiryInterval ?? 0;

    /// <summary>A new session expiry interval, given in DISCONNECT; null when it stays.</summary>
    public uint? NewExpiry { get; set; }

    /// <summary>The event that it was denied a topic.</summary>
    /// <param name="action">What it wanted to do.</param>
    /// <param name="topic">The topic or the filter.</param>
    /// <param name="detail">For people; null when a rule denied it.</param>
    public AccessDenied Denied(string action, string topic, string? detail) => new(
        link.Id, Identity, action, SafeText.Cut(topic, SafeText.Short), detail, link.Connection.Transport.RemoteAddress);

    /// <summary>Its connection is left behind, because its end does not come: leaves its session.</summary>
    public Task LeaveAsync() => LeaveAsync(null);

    /// <summary>Its connection is over: leaves its session, once. The session is closed, and kept or ended.</summary>
    /// <param name="failure">What ended it; null when nothing failed.</param>
    /// <returns>Ends when that is published, whichever connection does it.</returns>
    public async Task LeaveAsync(Exception? failure)
    {
        if (Interlocked.Exchange(ref _hasLeft, true))
        {
            return;
        }

        // In its turn when there is much to do, not when there is little: its end would wait for the turn.
        var end = SessionEnd.None;
        var reason = link.Connection.Transport.Settle(failure);
        await work.RunAsync(
            Session.Account,
            () =>
            {
                end = Session.Detach(Attachment, NewExpiry, reason);
                return false;
            },
            inTurn: Session.Subscriptions.Count + Session.Deliveries.Backlog > Little);
        if (Session.IsListed)
        {
            sessions.NoteClosed();
        }

        try
        {
            await Session.History.PublishAsync();
        }
        finally
        {
            // Not before: a session that is made in its place goes on with its history.
            if (end.Ended && Session.IsListed)
            {
                sessions.Remove(Session);
            }

            await sessions.HandOnAsync(end, Session.Account);
            await publisher.PublishAsync(end.Will, Session.Account, Session);
        }
    }
}
