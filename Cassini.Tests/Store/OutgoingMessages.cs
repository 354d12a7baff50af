using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;

namespace Cassini.Tests.Store;

/// <summary>What one client has sent and the broker has not finished, in its order.</summary>
internal sealed class OutgoingMessages(ScheduleChecker checker, string id)
{
    private readonly List<OutgoingMessage> _messages = [];

    public int Count => _messages.Count;

    public OutgoingMessage[] All => [.. _messages];

    public bool Uses(ushort packetId) => _messages.Exists(one => one.Id == packetId);

    public void Add(SentMessage message, ushort packetId) => _messages.Add(new OutgoingMessage(message, packetId));

    public void Clear() => _messages.Clear();

    /// <summary>Handles PUBACK, PUBREC or PUBCOMP: each packet is answered once on a connection, and in its turn.</summary>
    /// <returns>Whether PUBREL must be sent.</returns>
    public bool OnAck(AckPacket ack)
    {
        if (_messages.Find(one => one.Id == ack.PacketId) is not { } found || ack.Type != found.Expected)
        {
            checker.Fail($"{id} gets {ack.Type} {ack.PacketId} and does not wait for it [MQTT-2.2.1-5]");
            return false;
        }

        checker.Trace($"{id} gets {ack.Type} {ack.PacketId} ({ack.Reason})");
        if (ack.Reason == ReasonCode.QuotaExceeded && ack.Type != PacketType.PubComp && checker.MayHaveRefused(found.Message))
        {
            // The disk is full or fails: it was not taken in, and no PUBREL follows (§4.3.3).
            _messages.Remove(found);
            return false;
        }

        if (ack.Type != PacketType.PubComp)
        {
            checker.OnAcknowledged(found.Message, ack);
        }

        found.IsReceived = ack.Type == PacketType.PubRec;
        if (!found.IsReceived)
        {
            _messages.Remove(found);
        }

        return found.IsReceived;
    }
}

/// <summary>One of them.</summary>
internal sealed record OutgoingMessage(SentMessage Message, ushort Id)
{
    /// <summary>Whether PUBREC has come.</summary>
    public bool IsReceived { get; set; }

    /// <summary>What comes next for it.</summary>
    public PacketType Expected =>
        Message.QoS == QualityOfService.AtLeastOnce ? PacketType.PubAck : IsReceived ? PacketType.PubComp : PacketType.PubRec;
}
