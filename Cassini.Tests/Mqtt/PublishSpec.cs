using System.Collections.Immutable;
using System.Text;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Tests.Mqtt;

/// <summary>A PUBLISH that can be kept and compared, since the codec's own lies in a buffer.</summary>
internal sealed record PublishSpec
{
    public required string Topic { get; init; }

    public required ImmutableArray<byte> Payload { get; init; }

    public QualityOfService QoS { get; init; }

    public bool Retain { get; init; }

    public bool Dup { get; init; }

    public ushort PacketId { get; init; }

    public uint? MessageExpiryInterval { get; init; }

    /// <summary>0 for none.</summary>
    public ushort TopicAlias { get; init; }

    public ImmutableArray<int> SubscriptionIdentifiers { get; init; } = [];

    /// <summary>Those that belong to the message.</summary>
    public PropertySet Properties { get; init; } = PropertySet.Empty;

    public byte[] Write(ProtocolVersion version) => Write(version, MessageProperties.Encode(Properties));

    public byte[] Write(ProtocolVersion version, ReadOnlySpan<byte> messageProperties)
    {
        var writer = new PublishWriter
        {
            Topic = Encoding.UTF8.GetBytes(Topic),
            Payload = Payload.AsSpan(),
            MessageProperties = messageProperties,
            SubscriptionIdentifiers = SubscriptionIdentifiers.AsSpan(),
            MessageExpiryInterval = MessageExpiryInterval,
            TopicAlias = TopicAlias,
            QoS = QoS,
            Retain = Retain,
            Dup = Dup,
            PacketId = PacketId,
        };
        var to = new byte[writer.Measure(version)];
        writer.Write(to, version);
        return to;
    }

    public static PublishSpec From(in PublishPacket packet)
    {
        var messageProperties = packet.MessageProperties(new byte[packet.Properties.Length]);
        var decoded = MessageProperties.Decode(messageProperties);
        return new PublishSpec
        {
            Topic = Encoding.UTF8.GetString(packet.Topic),
            Payload = [.. packet.Payload],
            QoS = packet.QoS,
            Retain = packet.Retain,
            Dup = packet.Dup,
            PacketId = packet.PacketId,
            MessageExpiryInterval = packet.MessageExpiryInterval,
            TopicAlias = packet.TopicAlias ?? 0,
            SubscriptionIdentifiers = decoded.SubscriptionIdentifiers,
            Properties = decoded with { SubscriptionIdentifiers = [] },
        };
    }
}
