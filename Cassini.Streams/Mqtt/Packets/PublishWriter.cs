using System.Buffers.Binary;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Streams.Mqtt.Packets;

/// <summary>
/// Writes PUBLISH (MQTT 5.0 §3.3) into a buffer: first <see cref="Measure"/>, then <see cref="Write"/>. Allocates nothing.
/// </summary>
internal ref struct PublishWriter
{
    private int _propertiesLength;
    private int _remaining;

    /// <summary>Empty when the receiver already knows <see cref="TopicAlias"/>.</summary>
    public ReadOnlySpan<byte> Topic { get; set; }

    public ReadOnlySpan<byte> Payload { get; set; }

    /// <summary>Encoded properties that are sent unchanged; MQTT 5.0 only.</summary>
    public ReadOnlySpan<byte> MessageProperties { get; set; }

    public ReadOnlySpan<int> SubscriptionIdentifiers { get; set; }

    /// <summary>Seconds; null when the message does not expire.</summary>
    public uint? MessageExpiryInterval { get; set; }

    /// <summary>0 for none.</summary>
    public ushort TopicAlias { get; set; }

    public QualityOfService QoS { get; set; }

    public bool Retain { get; set; }

    public bool Dup { get; set; }

    public ushort PacketId { get; set; }

    /// <summary>How many bytes <see cref="Write"/> will write.</summary>
    public int Measure(ProtocolVersion version)
    {
        _remaining = 2 + Topic.Length + (QoS == QualityOfService.AtMostOnce ? 0 : 2) + Payload.Length;
        if (version == ProtocolVersion.V500)
        {
            _propertiesLength = MessageProperties.Length + (MessageExpiryInterval is null ? 0 : 5) + (TopicAlias == 0 ? 0 : 3);
            foreach (var identifier in SubscriptionIdentifiers)
            {
                _propertiesLength += 1 + VariableByteInteger.SizeOf(identifier);
            }

            _remaining += VariableByteInteger.SizeOf(_propertiesLength) + _propertiesLength;
        }

        return 1 + VariableByteInteger.SizeOf(_remaining) + _remaining;
    }

    /// <summary>Writes the packet. Call <see cref="Measure"/> first, with the same <paramref name="version"/>.</summary>
    public readonly void Write(Span<byte> to, ProtocolVersion version) => Payload.CopyTo(to[WriteHead(to, version)..]);

    /// <summary>The same without the payload, which follows.</summary>
    /// <returns>How many bytes it has written: what was measured, less the payload.</returns>
    public readonly int WriteHead(Span<byte> to, ProtocolVersion version)
    {
        to[0] = (byte)(((int)PacketType.Publish << 4) | (Dup ? 8 : 0) | ((int)QoS << 1) | (Retain ? 1 : 0));
        var at = 1 + VariableByteInteger.Write(to[1..], _remaining);
        BinaryPrimitives.WriteUInt16BigEndian(to[at..], (ushort)Topic.Length);
        at += 2;
        Topic.CopyTo(to[at..]);
        at += Topic.Length;
        if (QoS != QualityOfService.AtMostOnce)
        {
            BinaryPrimitives.WriteUInt16BigEndian(to[at..], PacketId);
            at += 2;
        }

        if (version == ProtocolVersion.V500)
        {
            at += WriteProperties(to[at..]);
        }

        return at;
    }

    private readonly int WriteProperties(Span<byte> to)
    {
        var at = VariableByteInteger.Write(to, _propertiesLength);
        if (MessageExpiryInterval is { } expiry)
        {
            to[at] = (byte)PropertyId.MessageExpiryInterval;
            BinaryPrimitives.WriteUInt32BigEndian(to[(at + 1)..], expiry);
            at += 5;
        }

        if (TopicAlias != 0)
        {
            to[at] = (byte)PropertyId.TopicAlias;
            BinaryPrimitives.WriteUInt16BigEndian(to[(at + 1)..], TopicAlias);
            at += 3;
        }

        foreach (var identifier in SubscriptionIdentifiers)
        {
            to[at++] = (byte)PropertyId.SubscriptionIdentifier;
            at += VariableByteInteger.Write(to[at..], identifier);
        }

        MessageProperties.CopyTo(to[at..]);
        return at + MessageProperties.Length;
    }
}
