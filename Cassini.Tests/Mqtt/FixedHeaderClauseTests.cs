using Cassini.Streams.Mqtt;

namespace Cassini.Tests.Mqtt;

public class FixedHeaderClauseTests
{
    [Theory]
    [InlineData(3, "MQTT-2.2.2-2")]
    [InlineData(4, "MQTT-2.2.2-2")]
    [InlineData(5, "MQTT-2.1.3-1")]
    public void Flags_OtherThanTheTableHas_AreMalformedForEachType(int version, string general)
    {
        foreach (var type in Enum.GetValues<PacketType>().Where(type => type is not (PacketType.Reserved or PacketType.Publish)))
        {
            if (type == PacketType.Auth && version < 5)
            {
                continue;
            }

            var clause = type switch
            {
                PacketType.PubRel => "MQTT-3.6.1-1",
                PacketType.Subscribe => "MQTT-3.8.1-1",
                PacketType.Unsubscribe => "MQTT-3.10.1-1",
                PacketType.Disconnect => "MQTT-3.14.1-1",
                PacketType.Auth => "MQTT-3.15.1-1",
                _ => general,
            };
            int[] right = type is not (PacketType.PubRel or PacketType.Subscribe or PacketType.Unsubscribe) ? [0]
                : version == 3 ? [2, 3, 10, 11] // MQTT 3.1 §2.1: DUP says that it is sent again, and RETAIN is not used.
                : [2];
            for (var flags = 0; flags < 16; flags++)
            {
                var status = FrameReader.Read(
                    [(byte)(((int)type << 4) | flags)], 100, (ProtocolVersion)version, out _, out _, out var violation);
                status.ShouldBe(right.Contains(flags) ? FrameStatus.Incomplete : FrameStatus.Violation, $"{type} with flags {flags}");
                if (!right.Contains(flags))
                {
                    (violation.Clause, violation.Reason).ShouldBe((clause, ReasonCode.MalformedPacket), $"{type} with flags {flags}");
                }
            }
        }
    }

    [Theory]
    [InlineData(3, "00 []", "§2.2.1")]
    [InlineData(3, "F0 []", "§2.2.1")]
    [InlineData(4, "00 []", "§2.2.1")]
    [InlineData(4, "F0 []", "§2.2.1")]
    [InlineData(5, "00 []", "§2.1.2")]
    public void Type_Reserved_IsMalformed(int version, string packet, string clause) =>
        Verdict.ShouldBeRefused(version, packet, 0x81, clause);

    [Theory]
    [InlineData(4, "C0 80808080", "§2.2.3")]
    [InlineData(5, "C0 80808080", "§2.1.4")]
    [InlineData(4, "30 FFFFFFFF 7F", "§2.2.3")]
    [InlineData(5, "30 FFFFFFFF 7F", "§2.1.4")]
    [InlineData(5, "C0 8000", "MQTT-1.5.5-1")]
    [InlineData(5, "30 8500 'abc'", "MQTT-1.5.5-1")]
    [InlineData(5, "40 828000 0001", "MQTT-1.5.5-1")]
    public void RemainingLength_TooLongOrNotTheShortest_IsMalformed(int version, string packet, string clause) =>
        Verdict.ShouldBeRefused(version, packet, 0x81, clause);

    [Fact]
    public void RemainingLength_NotTheShortestInMqtt311_IsAccepted() => Verdict.ShouldBeAccepted(4, "40 8200 0001");

    [Fact]
    public void RemainingLength_NotTheShortestInAConnectOfMqtt5_IsMalformedThoughTheVersionComesLater()
    {
        Verdict.ShouldBeRefused(5, "10 8E00 'MQTT' 05 02 003C [] 'c'", 0x81, "MQTT-1.5.5-1");
        Verdict.ShouldBeAccepted(4, "10 8D00 'MQTT' 04 02 003C 'c'");
    }

    [Theory]
    [InlineData(null, "MQTT-3.2.2-15")]
    [InlineData(4, "§2.2.3")]
    [InlineData(5, "MQTT-3.2.2-15")]
    public void Packet_LargerThanAllowed_IsTooLargeBeforeItIsThere(int? version, string clause)
    {
        FrameReader.Read([0x10, 100], 101, (ProtocolVersion?)version, out _, out _, out var violation).ShouldBe(FrameStatus.Violation);
        (violation.Clause, violation.Reason).ShouldBe((clause, ReasonCode.PacketTooLarge));
    }

    [Theory]
    [InlineData(4, "C0 [ 00 ]", "§3.12", true)]
    [InlineData(5, "C0 [ 00 ]", "§3.12", true)]
    [InlineData(4, "D0 [ 00 ]", "§3.13", false)]
    [InlineData(5, "D0 [ 00 ]", "§3.13", false)]
    public void Ping_WithABody_IsMalformed(int version, string packet, string clause, bool fromClient)
    {
        Verdict.ShouldBeRefused(version, packet, 0x81, clause, fromClient);
        Verdict.ShouldBeRefused(version, Notation.Bytes(packet)[..2], 0x81, clause, fromClient);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public void Ping_WithoutABody_IsAccepted(int version)
    {
        Verdict.ShouldBeAccepted(version, "C0 []");
        Verdict.ShouldBeAccepted(version, "D0 []", fromClient: false);
    }
}
