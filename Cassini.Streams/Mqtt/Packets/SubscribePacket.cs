using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Streams.Mqtt.Packets;

/// <summary>When retained messages are sent to a new subscription (MQTT 5.0 §3.8.3.1).</summary>
internal enum RetainHandling : byte
{
    Send = 0,
    SendIfNew = 1,
    DoNotSend = 2,
}

/// <summary>
/// One filter of SUBSCRIBE with its options. The filter lacks no part, but a wildcard may be in the wrong place, because SUBACK answers
/// each filter separately.
/// </summary>
internal sealed record SubscriptionRequest(
    string Filter, QualityOfService QoS, bool NoLocal, bool RetainAsPublished, RetainHandling RetainHandling);

/// <summary>SUBSCRIBE (MQTT 5.0 §3.8).</summary>
internal sealed record SubscribePacket(ushort PacketId, ImmutableArray<SubscriptionRequest> Requests, PropertySet Properties)
{
    private const int NoLocalFlag = 0x04;
    private const int RetainAsPublishedFlag = 0x08;

    public byte[] Write(ProtocolVersion version)
    {
        var to = new PacketWriter();
        to.WriteUInt16(PacketId);
        PropertyWriter.Write(to, Properties, version);
        foreach (var request in Requests)
        {
            to.WriteString(request.Filter);
            to.WriteByte((byte)(
                (int)request.QoS
                | (request.NoLocal ? NoLocalFlag : 0)
                | (request.RetainAsPublished ? RetainAsPublishedFlag : 0)
                | ((int)request.RetainHandling << 4)));
        }

        return to.ToPacket(PacketType.Subscribe, 2);
    }

    /// <param name="frame">The packet.</param>
    /// <param name="version">The peer's.</param>
    /// <param name="most">The most filters that are read: more end the connection before any is decoded.</param>
    /// <param name="packet">What it says; null when it must end the connection.</param>
    /// <param name="violation">Why it must.</param>
    public static bool TryRead(
        Frame frame, ProtocolVersion version, int most, [NotNullWhen(true)] out SubscribePacket? packet, out ProtocolViolation violation)
    {
        var reader = new PacketReader(frame.Body, version);
        var id = reader.ReadPacketId();
        var properties = PropertyReader.Read(ref reader, PropertyOwner.Subscribe);
        var requests = ImmutableArray.CreateBuilder<SubscriptionRequest>();
        if (reader.IsAtEnd)
        {
            reader.Fail(ProtocolViolation.Error(
                version < ProtocolVersion.V500 ? "MQTT-3.8.3-3" : "MQTT-3.8.3-2", "SUBSCRIBE without a topic filter"));
        }

        reader.ExpectFilters(PacketType.Subscribe, most, optionsSize: 1);
        while (!reader.IsAtEnd)
        {
            requests.Add(ReadRequest(ref reader));
        }

        violation = reader.Violation ?? default;
        packet = reader.Failed ? null : new SubscribePacket(id, requests.DrainToImmutable(), properties);
        return packet is not null;
    }

    private static SubscriptionRequest ReadRequest(ref PacketReader reader)
    {
        var filter = reader.ReadFilter();
        int options = reader.ReadByte("the subscription options");
        var qos = options & 3;
        var retainHandling = (options >> 4) & 3;
        var reserved = reader.Version < ProtocolVersion.V500 ? options & 0xFC : options & 0xC0;
        if (!reader.Failed)
        {
            // The 3.1.1 standard itself writes [MQTT-3-8.3-4].
            if (reserved != 0)
            {
                reader.Fail(ProtocolViolation.Malformed(
                    reader.Version < ProtocolVersion.V500 ? "MQTT-3-8.3-4" : "MQTT-3.8.3-5", "reserved subscription options are set"));
            }
            else if (qos == 3)
            {
                // Malformed in 3.1.1, a protocol error in 5.0.
                reader.Fail(reader.Version < ProtocolVersion.V500
                    ? ProtocolViolation.Malformed("MQTT-3-8.3-4", "QoS 3 does not exist")
                    : ProtocolViolation.Error("§3.8.3.1", "QoS 3 does not exist"));
            }
            else if (retainHandling == 3)
            {
                reader.Fail(ProtocolViolation.Error("§3.8.3.1", "retain handling 3 does not exist"));
            }
            else if ((options & NoLocalFlag) != 0 && filter.StartsWith("$share/", StringComparison.Ordinal))
            {
                reader.Fail(ProtocolViolation.Error("MQTT-3.8.3-4", "no local on a shared subscription"));
            }
        }

        return new SubscriptionRequest(
            filter,
            (QualityOfService)qos,
            (options & NoLocalFlag) != 0,
            (options & RetainAsPublishedFlag) != 0,
            (RetainHandling)retainHandling);
    }
}
