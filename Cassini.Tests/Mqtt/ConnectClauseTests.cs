using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;

namespace Cassini.Tests.Mqtt;

public class ConnectClauseTests
{
    [Theory]
    [InlineData("10 [ 'MQTX' 04 02 003C 'c' ]", 4, "MQTT-3.1.2-1")]
    [InlineData("10 [ 'mqtt' 04 02 003C 'c' ]", 4, "MQTT-3.1.2-1")]
    [InlineData("10 [ 'MQTT ' 04 02 003C 'c' ]", 4, "MQTT-3.1.2-1")]
    [InlineData("10 [ 'MQIsdp' 04 02 003C 'c' ]", 3, "MQTT-3.1.2-2")]
    [InlineData("10 [ 'MQIsdp' 05 02 003C 'c' ]", 3, "MQTT-3.1.2-2")]
    [InlineData("10 [ 'MQIsdp' 00 02 003C 'c' ]", 3, "MQTT-3.1.2-2")]
    [InlineData("10 [ 'MQIsdp' 84 02 003C 'c' ]", 3, "MQTT-3.1.2-2")]
    [InlineData("10 [ 'mqisdp' 03 02 003C 'c' ]", 4, "MQTT-3.1.2-1")]
    [InlineData("10 [ '' 04 02 003C 'c' ]", 4, "MQTT-3.1.2-1")]
    [InlineData("10 [ 'MQTT' 03 02 003C 'c' ]", 4, "MQTT-3.1.2-2")]
    [InlineData("10 [ 'MQTT' 00 02 003C 'c' ]", 4, "MQTT-3.1.2-2")]
    [InlineData("10 [ 'MQTT' 06 02 003C [] 'c' ]", 5, "MQTT-3.1.2-2")]
    [InlineData("10 [ 'MQTT' 83 02 003C 'c' ]", 4, "MQTT-3.1.2-2")]
    [InlineData("10 [ 'MQTT' 80 02 003C 'c' ]", 4, "MQTT-3.1.2-2")]
    [InlineData("10 [ 'MQTT' 85 02 003C [] 'c' ]", 5, "MQTT-3.1.2-2")]
    public void Protocol_Foreign_IsUnsupportedAndAnsweredInTheNearestVersion(string packet, int answeredIn, string clause)
    {
        Verdict.ShouldBeRefused(answeredIn, packet, 0x84, clause);
        var bytes = Notation.Bytes(packet);
        FrameReader.Read(bytes, 100, null, out var frame, out _, out _).ShouldBe(FrameStatus.Complete);
        ConnectReader.TryRead(frame, out _, out var version, out _).ShouldBeFalse();
        version.ShouldBe((ProtocolVersion)answeredIn);
    }

    [Theory]
    [InlineData(4, "10 [ 'MQTT' 04 03 003C 'c' ]", "MQTT-3.1.2-3")]
    [InlineData(5, "10 [ 'MQTT' 05 03 003C [] 'c' ]", "MQTT-3.1.2-3")]
    [InlineData(4, "10 [ 'MQTT' 04 0A 003C 'c' ]", "MQTT-3.1.2-13")]
    [InlineData(4, "10 [ 'MQTT' 04 12 003C 'c' ]", "MQTT-3.1.2-13")]
    [InlineData(4, "10 [ 'MQTT' 04 1A 003C 'c' ]", "MQTT-3.1.2-13")]
    [InlineData(5, "10 [ 'MQTT' 05 0A 003C [] 'c' ]", "MQTT-3.1.2-11")]
    [InlineData(5, "10 [ 'MQTT' 05 12 003C [] 'c' ]", "MQTT-3.1.2-11")]
    [InlineData(4, "10 [ 'MQTT' 04 1E 003C 'c' 't' 'm' ]", "MQTT-3.1.2-14")]
    [InlineData(5, "10 [ 'MQTT' 05 1E 003C [] 'c' [] 't' 'm' ]", "MQTT-3.1.2-12")]
    [InlineData(4, "10 [ 'MQTT' 04 22 003C 'c' ]", "MQTT-3.1.2-15")]
    [InlineData(5, "10 [ 'MQTT' 05 22 003C [] 'c' ]", "MQTT-3.1.2-13")]
    [InlineData(4, "10 [ 'MQTT' 04 42 003C 'c' 'p' ]", "MQTT-3.1.2-22")]
    [InlineData(3, "10 [ 'MQIsdp' 03 1E 003C 'c' 't' 'm' ]", "MQTT-3.1.2-14")]
    [InlineData(3, "10 [ 'MQIsdp' 03 42 003C 'c' 'p' ]", "MQTT-3.1.2-22")]
    public void Flags_AgainstARule_AreMalformed(int version, string packet, string clause) =>
        Verdict.ShouldBeRefused(version, packet, 0x81, clause);

    [Theory]
    [InlineData(4, "10 [ 'MQTT' 04 02 003C '' ]")]
    [InlineData(4, "10 [ 'MQTT' 84 02 003C 'c' ]")]
    [InlineData(4, "10 [ 'MQTT' 04 00 0000 'c' ]")]
    [InlineData(4, "10 [ 'MQTT' 04 F6 FFFF 'c' 't' 'm' 'u' 'p' ]")]
    [InlineData(4, "10 [ 'MQTT' 04 82 003C 'c' '' ]")]
    [InlineData(4, "10 [ 'MQTT' 04 C2 003C 'c' '' '' ]")]
    [InlineData(4, "10 [ 'MQTT' 04 06 003C 'c' 't' '' ]")]
    [InlineData(5, "10 [ 'MQTT' 05 02 003C [] '' ]")]
    [InlineData(5, "10 [ 'MQTT' 05 00 003C [] '' ]")]
    [InlineData(5, "10 [ 'MQTT' 05 42 003C [] 'c' 'p' ]")]
    [InlineData(5, "10 [ 'MQTT' 05 F6 003C [ 11 FFFFFFFF 15 'm' 16 '' ] 'c' [ 18 00000001 ] 't' 'm' 'u' 'p' ]")]
    [InlineData(3, "10 [ 'MQIsdp' 03 02 003C 'c' ]")]
    [InlineData(3, "10 [ 'MQIsdp' 83 00 003C 'c' ]")]
    [InlineData(3, "10 [ 'MQIsdp' 03 F6 FFFF 'c' 't' 'm' 'u' 'p' ]")]
    [InlineData(3, "10 [ 'MQIsdp' 03 02 003C 'longer than the 23 characters of the standard' ]")]
    public void Connect_Valid_IsAccepted(int version, string packet) => Verdict.ShouldBeAccepted(version, packet);

    /// <summary>MQTT 3.1 §3.1: the remaining length takes precedence over the flags of user name and password.</summary>
    [Theory]
    [InlineData("10 [ 'MQIsdp' 03 82 003C 'c' ]")]
    [InlineData("10 [ 'MQIsdp' 03 C2 003C 'c' ]")]
    [InlineData("10 [ 'MQIsdp' 03 C2 003C 'c' 'u' ]")]
    [InlineData("10 [ 'MQIsdp' 03 C6 003C 'c' 't' 'm' ]")]
    public void UserNameAndPassword_PromisedAndMissing_AreToleratedInMqtt31(string packet) => Verdict.ShouldBeAccepted(3, packet);

    /// <summary>MQTT 3.1 §3.1: the reserved flag is not used, and without a will its flags are disregarded.</summary>
    [Theory]
    [InlineData("10 [ 'MQIsdp' 03 03 003C 'c' ]")]
    [InlineData("10 [ 'MQIsdp' 03 1A 003C 'c' ]")]
    [InlineData("10 [ 'MQIsdp' 03 3A 003C 'c' ]")]
    public void Flags_WithoutMeaning_AreDisregardedInMqtt31(string packet) => Verdict.ShouldBeAccepted(3, packet);

    [Theory]
    [InlineData("10 [ 'MQIsdp' 03 02 003C '' ]")]
    [InlineData("10 [ 'MQIsdp' 03 00 003C '' ]")]
    public void ClientId_Empty_IsNotValidInMqtt31(string packet) => Verdict.ShouldBeRefused(3, packet, 0x85, "§3.1");

    [Fact]
    public void ClientId_EmptyWithoutCleanSession_IsNotValidInMqtt311() =>
        Verdict.ShouldBeRefused(4, "10 [ 'MQTT' 04 00 003C '' ]", 0x85, "MQTT-3.1.3-8");

    [Theory]
    [InlineData(4, "10 [ 'MQTT' 04 06 003C 'c' '' 'm' ]", "MQTT-4.7.3-1")]
    [InlineData(4, "10 [ 'MQTT' 04 06 003C 'c' 'a/+' 'm' ]", "MQTT-4.7.1-1")]
    [InlineData(4, "10 [ 'MQTT' 04 06 003C 'c' '#' 'm' ]", "MQTT-4.7.1-1")]
    [InlineData(5, "10 [ 'MQTT' 05 06 003C [] 'c' [] '' 'm' ]", "MQTT-4.7.3-1")]
    [InlineData(5, "10 [ 'MQTT' 05 06 003C [] 'c' [] 'a/+' 'm' ]", "MQTT-4.7.0-1")]
    [InlineData(5, "10 [ 'MQTT' 05 06 003C [] 'c' [] '#' 'm' ]", "MQTT-4.7.0-1")]
    public void WillTopic_NoTopicName_IsInvalid(int version, string packet, string clause) =>
        Verdict.ShouldBeRefused(version, packet, 0x90, clause);

    /// <summary>[MQTT-3.1.2-9], [MQTT-3.1.2-17], [MQTT-3.1.2-19] (3.1.1: -9, -19, -21): what a flag promises must be there.</summary>
    [Theory]
    [InlineData(4, "10 [ 'MQTT' 04 06 003C 'c' ]")]
    [InlineData(4, "10 [ 'MQTT' 04 06 003C 'c' 't' ]")]
    [InlineData(4, "10 [ 'MQTT' 04 82 003C 'c' ]")]
    [InlineData(4, "10 [ 'MQTT' 04 C2 003C 'c' 'u' ]")]
    [InlineData(5, "10 [ 'MQTT' 05 06 003C [] 'c' ]")]
    [InlineData(5, "10 [ 'MQTT' 05 06 003C [] 'c' [] ]")]
    [InlineData(5, "10 [ 'MQTT' 05 06 003C [] 'c' [] 't' ]")]
    [InlineData(5, "10 [ 'MQTT' 05 82 003C [] 'c' ]")]
    [InlineData(5, "10 [ 'MQTT' 05 42 003C [] 'c' ]")]
    public void Payload_WithoutWhatAFlagPromises_IsMalformed(int version, string packet) =>
        Verdict.ShouldBeRefused(version, packet, 0x81, version == 4 ? "§2.2.3" : "§2.1.4");

    /// <summary>[MQTT-3.1.2-16], [MQTT-3.1.2-18] (3.1.1: -11, -18, -20): what no flag promises must not be there.</summary>
    [Theory]
    [InlineData(4, "10 [ 'MQTT' 04 02 003C 'c' 't' 'm' ]")]
    [InlineData(4, "10 [ 'MQTT' 04 02 003C 'c' 'u' ]")]
    [InlineData(4, "10 [ 'MQTT' 04 82 003C 'c' 'u' 'p' ]")]
    [InlineData(5, "10 [ 'MQTT' 05 02 003C [] 'c' [] 't' 'm' ]")]
    [InlineData(5, "10 [ 'MQTT' 05 82 003C [] 'c' 'u' 'p' ]")]
    public void Payload_WithWhatNoFlagPromises_IsMalformed(int version, string packet) =>
        Verdict.ShouldBeRefused(version, packet, 0x81, version == 4 ? "§2.2.3" : "§2.1.4");

    [Theory]
    [InlineData(4, "10 [ 'MQTT' 04 02 003C 'c' ]")]
    [InlineData(4, "10 [ 'MQTT' 04 F6 003C 'c' 't' 'm' 'u' 'p' ]")]
    [InlineData(3, "10 [ 'MQIsdp' 03 06 003C 'c' 't' 'm' ]")]
    [InlineData(5, "10 [ 'MQTT' 05 02 003C [ 11 00000001 ] 'c' ]")]
    [InlineData(5, "10 [ 'MQTT' 05 F6 003C [] 'c' [ 18 00000001 ] 't' 'm' 'u' 'p' ]")]
    public void Connect_CutOffAnywhereWithItsLengthMended_IsMalformed(int version, string packet)
    {
        var body = Notation.Bytes(packet)[2..];
        for (var cut = 0; cut < body.Length; cut++)
        {
            // What is cut before the version is known is judged by 3.1.1.
            Verdict.ShouldBeRefused(version, [0x10, (byte)cut, .. body[..cut]], 0x81, version < 5 || cut < 7 ? "§2.2.3" : "§2.1.4");
        }
    }

    [Fact]
    public void AuthenticationData_WithoutAMethod_IsAProtocolError() =>
        Verdict.ShouldBeRefused(5, "10 [ 'MQTT' 05 02 003C [ 16 'd' ] 'c' ]", 0x82, "§3.1.2.11.10");

    [Theory]
    [InlineData(4, "20 [ 0200 ]", "§3.2.2.1")]
    [InlineData(4, "20 [ 8000 ]", "§3.2.2.1")]
    [InlineData(5, "20 [ 0200 [] ]", "MQTT-3.2.2-1")]
    [InlineData(4, "20 [ 00 ]", "§2.2.3")]
    [InlineData(4, "20 [ 000000 ]", "§2.2.3")]
    [InlineData(5, "20 [ 0000 ]", "§2.1.4")]
    [InlineData(5, "20 [ 0000 [] 00 ]", "§2.1.4")]
    public void ConnAck_OfAnotherForm_IsMalformed(int version, string packet, string clause) =>
        Verdict.ShouldBeRefused(version, packet, 0x81, clause, fromClient: false);
}
