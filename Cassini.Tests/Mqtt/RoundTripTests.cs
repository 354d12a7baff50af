using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using CsCheck;

namespace Cassini.Tests.Mqtt;

public class RoundTripTests
{
    private const int Cases = 3_000;

    private delegate bool Reader<TPacket>(Frame frame, ProtocolVersion version, out TPacket? packet, out ProtocolViolation violation);

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Connect_WrittenAndRead_IsTheSame(int version) =>
        GeneratedPackets.Connect((ProtocolVersion)version).Sample(
            packet =>
            {
                var read = Read(
                    ConnectWriter.Write(packet),
                    null,
                    (Frame frame, ProtocolVersion _, out ConnectPacket? again, out ProtocolViolation violation) =>
                    {
                        var isRead = ConnectReader.TryRead(frame, out again, out var spoken, out violation);
                        spoken.ShouldBe((ProtocolVersion)version);
                        return isRead;
                    });
                Structure.Of(read).ShouldBe(Structure.Of(packet));
            },
            iter: Cases);

    [Fact]
    public void ConnAck_OfMqtt5_WrittenAndRead_IsTheSame() =>
        GeneratedPackets.ConnAck.Sample(
            packet => Structure.Of(Read<ConnAckPacket>(packet.Write(ProtocolVersion.V500), ProtocolVersion.V500, ConnAckPacket.TryRead))
                .ShouldBe(Structure.Of(packet)),
            iter: Cases);

    [Fact]
    public void ConnAck_OfMqtt311_WrittenAndRead_HasTheReturnCodeAndNoProperties() =>
        GeneratedPackets.ConnAck.Sample(
            packet =>
            {
                var bytes = packet.Write(ProtocolVersion.V311);
                bytes.Length.ShouldBe(4);
                var read = Read<ConnAckPacket>(bytes, ProtocolVersion.V311, ConnAckPacket.TryRead);
                ((byte)read.Reason).ShouldBe(ConnAckPacket.ReturnCode(packet.Reason));
                ((byte)read.Reason).ShouldBeLessThanOrEqualTo((byte)5);
                read.SessionPresent.ShouldBe(packet.SessionPresent);
                read.Properties.ShouldBeSameAs(PropertySet.Empty);
            },
            iter: Cases);

    [Fact]
    public void ConnAck_OfMqtt31_IsThatOfMqtt311WithoutTheSessionsFlag() =>
        GeneratedPackets.ConnAck.Sample(
            packet => packet.Write(ProtocolVersion.V310).ShouldBe((packet with { SessionPresent = false }).Write(ProtocolVersion.V311)),
            iter: Cases);

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Publish_WrittenAndRead_IsTheSame(int version) =>
        Gen.Bool.SelectMany(fromClient =>
            GeneratedPackets.Publish((ProtocolVersion)version, fromClient).Select(spec => (fromClient, spec))).Sample(
            sent =>
            {
                var bytes = sent.spec.Write((ProtocolVersion)version);
                FrameReader.Read(bytes, bytes.Length, (ProtocolVersion)version, out var frame, out _, out _).ShouldBe(FrameStatus.Complete);
                PublishPacket.TryRead(frame, (ProtocolVersion)version, sent.fromClient, out var packet, out var violation)
                    .ShouldBeTrue(violation.ToString());
                Structure.Of(PublishSpec.From(packet)).ShouldBe(Structure.Of(sent.spec));
            },
            iter: Cases);

    [Fact]
    public void MessageProperties_WithHopPropertiesAmongThem_GoThroughInTheirOrder() =>
        Gen.Select(
            GeneratedPackets.Properties(
                PropertyOwner.Publish, PropertyId.SubscriptionIdentifier, PropertyId.TopicAlias, PropertyId.MessageExpiryInterval),
            Gen.Shuffle(Enumerable.Range(0, 12).ToArray()),
            Gen.Int[0, 12],
            Gen.Int[0, 12]).Sample(
            (properties, order, aliasAt, expiryAt) =>
            {
                var parts = order.Select(at => One(properties, at)).ToList();
                parts = [.. parts.Where(part => part.Length > 0)];
                var message = parts.SelectMany(part => part).ToArray();
                parts.Insert(Math.Min(aliasAt, parts.Count), [(byte)PropertyId.TopicAlias, 0, 7]);
                parts.Insert(Math.Min(expiryAt, parts.Count), [(byte)PropertyId.MessageExpiryInterval, 0, 0, 0, 9]);
                var all = parts.SelectMany(part => part).ToArray();
                byte[] body = [.. Notation.Text("t"), .. Notation.Length(all.Length), .. all, 42];
                byte[] bytes = [0x30, .. Notation.Length(body.Length), .. body];

                FrameReader.Read(bytes, bytes.Length, ProtocolVersion.V500, out var frame, out _, out _).ShouldBe(FrameStatus.Complete);
                PublishPacket.TryRead(frame, ProtocolVersion.V500, true, out var packet, out var violation)
                    .ShouldBeTrue(violation.ToString());

                packet.TopicAlias.ShouldBe((ushort)7);
                packet.MessageExpiryInterval.ShouldBe(9u);
                packet.MessagePropertiesLength.ShouldBe(message.Length);
                packet.MessageProperties(new byte[packet.Properties.Length]).ToArray().ShouldBe(message);
                packet.Payload.ToArray().ShouldBe([42]);
                Structure.Of(MessageProperties.Decode(message).UserProperties.Order(ByName).ToArray())
                    .ShouldBe(Structure.Of(properties.UserProperties.Order(ByName).ToArray()));
            },
            iter: Cases);

    [Fact]
    public void MessageProperties_EncodedAndDecoded_AreTheSameWithoutThoseOfAHop() =>
        GeneratedPackets.Properties(PropertyOwner.Publish).Sample(
            properties =>
            {
                var decoded = MessageProperties.Decode(MessageProperties.Encode(properties));
                Structure.Of(decoded).ShouldBe(
                    Structure.Of(properties with { TopicAlias = null, MessageExpiryInterval = null, SubscriptionIdentifiers = [] }));
            },
            iter: Cases);

    [Fact]
    public void MessageProperties_OfAWill_LoseTheDelay() =>
        GeneratedPackets.Properties(PropertyOwner.Will).Sample(
            properties => Structure.Of(MessageProperties.Decode(MessageProperties.Encode(properties)))
                .ShouldBe(Structure.Of(properties with { WillDelayInterval = null, MessageExpiryInterval = null })),
            iter: Cases);

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Acknowledgement_WrittenAndRead_IsTheSame(int version) =>
        GeneratedPackets.Ack.Sample(
            packet =>
            {
                var bytes = new byte[AckPacket.MaxSize];
                bytes = bytes[..packet.Write(bytes, (ProtocolVersion)version)];
                Read<AckPacket>(bytes, (ProtocolVersion)version, AckPacket.TryRead)
                    .ShouldBe(version == 5 ? packet : packet with { Reason = ReasonCode.Success });
            },
            iter: Cases);

    [Fact]
    public void Acknowledgement_WithProperties_IsTheSame() =>
        Gen.Select(GeneratedPackets.Ack, GeneratedPackets.Properties(PropertyOwner.Acknowledgement)).Sample(
            (packet, properties) => Read<AckPacket>(packet.Write(properties), ProtocolVersion.V500, AckPacket.TryRead).ShouldBe(packet),
            iter: Cases);

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Subscribe_WrittenAndRead_IsTheSame(int version) =>
        GeneratedPackets.Subscribe((ProtocolVersion)version).Sample(
            packet => Structure.Of(
                Read(packet.Write((ProtocolVersion)version), (ProtocolVersion)version, AtMost(packet.Requests.Length)))
                .ShouldBe(Structure.Of(packet)),
            iter: Cases);

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Unsubscribe_WrittenAndRead_IsTheSame(int version) =>
        GeneratedPackets.Unsubscribe((ProtocolVersion)version).Sample(
            packet => Structure.Of(
                Read(packet.Write((ProtocolVersion)version), (ProtocolVersion)version, UnsubscribeAtMost(packet.Filters.Length)))
                .ShouldBe(Structure.Of(packet)),
            iter: Cases);

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void SubscribeAndUnsubscribe_OneFilterMoreThanIsRead_AreRefused(int version) =>
        Gen.Select(GeneratedPackets.Subscribe((ProtocolVersion)version), GeneratedPackets.Unsubscribe((ProtocolVersion)version)).Sample(
            (subscribe, unsubscribe) =>
            {
                Refusal(subscribe.Write((ProtocolVersion)version), (ProtocolVersion)version, AtMost(subscribe.Requests.Length - 1))
                    .ShouldBe(ReasonCode.QuotaExceeded);
                var most = UnsubscribeAtMost(unsubscribe.Filters.Length - 1);
                Refusal(unsubscribe.Write((ProtocolVersion)version), (ProtocolVersion)version, most).ShouldBe(ReasonCode.QuotaExceeded);
            },
            iter: Cases);

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void SubAckAndUnsubAck_WrittenAndRead_AreTheSame(int version) =>
        GeneratedPackets.SubAck((ProtocolVersion)version).Sample(
            packet =>
                Structure.Of(Read<SubAckPacket>(packet.Write((ProtocolVersion)version), (ProtocolVersion)version, SubAckPacket.TryRead))
                .ShouldBe(Structure.Of(packet)),
            iter: Cases);

    [Fact]
    public void SubAck_OfMqtt311_TellsOneFailureOnly() =>
        GeneratedPackets.SubAck(ProtocolVersion.V500).Where(packet => packet.Type == PacketType.SubAck).Sample(
            packet => Read<SubAckPacket>(packet.Write(ProtocolVersion.V311), ProtocolVersion.V311, SubAckPacket.TryRead)
                .Reasons.ShouldAllBe(reason => reason <= ReasonCode.UnspecifiedError),
            iter: Cases);

    [Theory]
    [InlineData(3, true)]
    [InlineData(3, false)]
    [InlineData(4, true)]
    [InlineData(4, false)]
    [InlineData(5, true)]
    [InlineData(5, false)]
    public void Disconnect_WrittenAndRead_IsTheSame(int version, bool fromClient) =>
        GeneratedPackets.Disconnect((ProtocolVersion)version, fromClient).Sample(
            packet => Structure.Of(Read(packet.Write((ProtocolVersion)version), (ProtocolVersion)version, ReasonFrom(fromClient)))
                .ShouldBe(Structure.Of(packet)),
            iter: Cases);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Auth_WrittenAndRead_IsTheSame(bool fromClient) =>
        GeneratedPackets.Auth(fromClient).Sample(
            packet => Structure.Of(Read(packet.Write(ProtocolVersion.V500), ProtocolVersion.V500, ReasonFrom(fromClient)))
                .ShouldBe(Structure.Of(packet)),
            iter: Cases);

    [Theory]
    [InlineData(0, "00")]
    [InlineData(127, "7F")]
    [InlineData(128, "8001")]
    [InlineData(16_383, "FF7F")]
    [InlineData(16_384, "808001")]
    [InlineData(2_097_151, "FFFF7F")]
    [InlineData(2_097_152, "80808001")]
    [InlineData(268_435_455, "FFFFFF7F")]
    public void VariableByteInteger_AtTheEdgesOfItsLengths_IsAsInTheStandard(int value, string expected)
    {
        var bytes = new byte[VariableByteInteger.MaxBytes];
        bytes = bytes[..VariableByteInteger.Write(bytes, value)];
        Convert.ToHexString(bytes).ShouldBe(expected);
        bytes.Length.ShouldBe(VariableByteInteger.SizeOf(value));
        VariableByteInteger.Read(bytes, out var read).ShouldBe(bytes.Length);
        read.ShouldBe(value);
        VariableByteInteger.Read(bytes.AsSpan(..^1), out _).ShouldBe(0);
    }

    private static Reader<SubscribePacket> AtMost(int most) => (frame, version, out packet, out violation) =>
        SubscribePacket.TryRead(frame, version, most, out packet, out violation);

    private static Reader<UnsubscribePacket> UnsubscribeAtMost(int most) => (frame, version, out packet, out violation) =>
        UnsubscribePacket.TryRead(frame, version, most, out packet, out violation);

    private static ReasonCode Refusal<TPacket>(byte[] bytes, ProtocolVersion version, Reader<TPacket> reader)
    {
        FrameReader.Read(bytes, bytes.Length, version, out var frame, out _, out _).ShouldBe(FrameStatus.Complete);
        reader(frame, version, out _, out var violation).ShouldBeFalse();
        return violation.Reason;
    }

    private static TPacket Read<TPacket>(byte[] bytes, ProtocolVersion? version, Reader<TPacket> reader)
    {
        FrameReader.Read(bytes, bytes.Length, version, out var frame, out _, out var wrong)
            .ShouldBe(FrameStatus.Complete, wrong.ToString());
        frame.Whole.Length.ShouldBe(bytes.Length);
        reader(frame, version ?? default, out var packet, out var violation).ShouldBeTrue(violation.ToString());
        violation.ShouldBe(default);
        return packet!;
    }

    private static Reader<ReasonPacket> ReasonFrom(bool fromClient) =>
        (Frame frame, ProtocolVersion version, out ReasonPacket? packet, out ProtocolViolation violation) =>
            ReasonPacket.TryRead(frame, version, fromClient, out packet, out violation);

    private static Comparer<UserProperty> ByName =>
        Comparer<UserProperty>.Create((one, other) => string.CompareOrdinal(one.ToString(), other.ToString()));

    /// <summary>One property by its number, encoded alone; several numbers for the user properties.</summary>
    private static byte[] One(PropertySet properties, int at) => MessageProperties.Encode(at switch
    {
        0 => new PropertySet { PayloadFormatIndicator = properties.PayloadFormatIndicator },
        1 => new PropertySet { ContentType = properties.ContentType },
        2 => new PropertySet { ResponseTopic = properties.ResponseTopic },
        3 => new PropertySet { CorrelationData = properties.CorrelationData },
        _ => new PropertySet { UserProperties = [.. properties.UserProperties.Skip(at - 4).Take(1)] },
    });
}
