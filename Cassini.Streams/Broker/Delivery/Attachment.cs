using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Outgoing;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;

namespace Cassini.Streams.Broker.Delivery;

/// <summary>
/// What ties a session to the connection that serves it: where its messages are sent, how many at once, and what is published when the
/// connection is lost. Thread-safe.
/// </summary>
/// <param name="connection">The connection.</param>
/// <param name="outbox">Its outbox.</param>
/// <param name="sendMaximum">
/// QoS 1 and 2 messages that may be in flight on it: the client's receive maximum, or the broker's own limit.
/// </param>
/// <param name="will">Its will; null when it has none.</param>
internal sealed class Attachment(IAttachedConnection connection, Outbox outbox, int sendMaximum, HeldWill? will)
{
    private HeldWill? _will = will;

    public IAttachedConnection Connection { get; } = connection;

    public Outbox Outbox { get; } = outbox;

    public int SendMaximum { get; } = sendMaximum;

    /// <summary>What its client speaks, for people.</summary>
    public string Protocol => Outbox.Version.Name();

    /// <summary>When it was attached to its session: a timestamp.</summary>
    public long AttachedAt { get; set; }

    /// <summary>Sends PUBREL.</summary>
    /// <param name="packetId">The identifier of the message.</param>
    /// <param name="reason">The reason.</param>
    /// <param name="flushes">Where to note that there is something to send.</param>
    /// <param name="after">The ticket of what must be durable before; 0 for nothing.</param>
    public void SendPubRel(ushort packetId, ReasonCode reason, FlushSet flushes, long after = 0)
    {
        Span<byte> packet = stackalloc byte[AckPacket.MaxSize];
        Outbox.Append(packet[..new AckPacket(PacketType.PubRel, packetId, reason).Write(packet, Outbox.Version)], flushes, after: after);
    }

    /// <summary>Takes the will, so that it is published once at most.</summary>
    public HeldWill? TakeWill() => Interlocked.Exchange(ref _will, null);

    /// <summary>After DISCONNECT the will is not published [MQTT-3.14.4-3].</summary>
    public void DiscardWill() => TakeWill()?.Release();

    /// <summary>The event that it has the session now.</summary>
    public SessionOpened Opened(string clientId, string identity, bool isPresent) =>
        new(Connection.Id, clientId, identity, Protocol, isPresent);

    /// <summary>The event that its session was closed now.</summary>
    public SessionClosed Closed(string clientId, CloseReason reason, bool isKept, TimeProvider time) =>
        new(Connection.Id, clientId, reason, time.GetElapsedTime(AttachedAt), isKept);

    /// <summary>Takes the will because another connection took the session, or ended it.</summary>
    /// <param name="ended">Whether the session ended.</param>
    /// <returns>What is due now: nothing if the session goes on and the will has a delay (§3.1.4).</returns>
    public HeldWill? TakeWillWhenDisplaced(bool ended)
    {
        var will = TakeWill();
        if (ended || will is { Delay: 0 })
        {
            return will;
        }

        will?.Release();
        return null;
    }
}
