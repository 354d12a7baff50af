namespace Cassini.Tests.Mqtt;

public class PublishClauseTests
{
    [Theory]
    [InlineData(4, "36 [ 't' 0001 ]", 0x81, "MQTT-3.3.1-4")]
    [InlineData(5, "36 [ 't' 0001 [] ]", 0x81, "MQTT-3.3.1-4")]
    [InlineData(4, "3F [ 't' 0001 ]", 0x81, "MQTT-3.3.1-4")]
    [InlineData(4, "38 [ 't' ]", 0x81, "MQTT-3.3.1-2")]
    [InlineData(5, "38 [ 't' [] ]", 0x82, "MQTT-3.3.1-2")]
    [InlineData(5, "39 [ 't' [] ]", 0x82, "MQTT-3.3.1-2")]
    [InlineData(4, "32 [ 't' 0000 ]", 0x82, "MQTT-2.3.1-1")]
    [InlineData(4, "34 [ 't' 0000 ]", 0x82, "MQTT-2.3.1-1")]
    [InlineData(5, "32 [ 't' 0000 [] ]", 0x82, "MQTT-2.2.1-3")]
    [InlineData(5, "34 [ 't' 0000 [] ]", 0x82, "MQTT-2.2.1-3")]
    [InlineData(4, "30 [ 'a/+' ]", 0x90, "MQTT-3.3.2-2")]
    [InlineData(4, "30 [ 'a/#' ]", 0x90, "MQTT-3.3.2-2")]
    [InlineData(5, "30 [ 'a/+' [] ]", 0x90, "MQTT-3.3.2-2")]
    [InlineData(5, "30 [ '#' [] ]", 0x90, "MQTT-3.3.2-2")]
    [InlineData(5, "30 [ '+' [ 23 0001 ] ]", 0x90, "MQTT-3.3.2-2")]
    [InlineData(4, "30 [ '' ]", 0x81, "MQTT-4.7.3-1")]
    [InlineData(5, "30 [ '' [] ]", 0x82, "§3.3.2.1")]
    [InlineData(5, "30 [ 't' [ 23 0000 ] ]", 0x94, "MQTT-3.3.2-8")]
    [InlineData(5, "30 [ 't' [ 08 'a/+' ] ]", 0x82, "MQTT-3.3.2-14")]
    [InlineData(5, "30 [ 't' [ 08 '#' ] ]", 0x82, "MQTT-3.3.2-14")]
    [InlineData(5, "30 [ 't' [ 08 '' ] ]", 0x82, "MQTT-4.7.3-1")]
    [InlineData(5, "30 [ 't' [ 0B 01 ] ]", 0x82, "MQTT-3.3.4-6")]
    [InlineData(5, "30 [ 't' [ 0B 00 ] ]", 0x82, "MQTT-3.3.4-6")]
    [InlineData(5, "30 [ 't' [ 01 02 ] ]", 0x82, "§3.3.2.3.2")]
    public void Publish_AgainstARule_IsRefused(int version, string packet, int reason, string clause) =>
        Verdict.ShouldBeRefused(version, packet, reason, clause);

    [Theory]
    [InlineData(4, "30 [ ]")]
    [InlineData(4, "30 [ 00 ]")]
    [InlineData(4, "30 [ 0002 61 ]")]
    [InlineData(4, "32 [ 't' ]")]
    [InlineData(4, "32 [ 't' 00 ]")]
    [InlineData(5, "30 [ 't' ]")]
    [InlineData(5, "30 [ 't' 01 ]")]
    [InlineData(5, "32 [ 't' 0001 ]")]
    [InlineData(5, "30 [ 't' [ 01 ] ]")]
    [InlineData(5, "30 [ 't' [ 02 000000 ] ]")]
    [InlineData(5, "30 [ 't' [ 23 00 ] ]")]
    [InlineData(5, "30 [ 't' [ 09 0002 00 ] ]")]
    [InlineData(5, "30 [ 't' [ 03 0001 ] 'x' ]")]
    [InlineData(5, "30 [ 't' [ 26 'n' ] 'v' ]")]
    public void Publish_ThatEndsWithinAField_IsMalformed(int version, string packet) =>
        Verdict.ShouldBeRefused(version, packet, 0x81, version == 4 ? "§2.2.3" : "§2.1.4");

    [Theory]
    [InlineData(4, "30 [ 't' ]")]
    [InlineData(4, "31 [ 't' ]")]
    [InlineData(4, "3D [ 't' FFFF 00FF ]")]
    [InlineData(4, "30 [ '$SYS/x y/é' ]")]
    [InlineData(4, "30 [ '/' ]")]
    [InlineData(5, "30 [ 't' [] ]")]
    [InlineData(5, "3B [ 't' 0001 [] 61 ]")]
    [InlineData(5, "30 [ '' [ 23 FFFF ] ]")]
    [InlineData(5, "30 [ 't' [ 26 'n' 'v' 26 'n' 'v' 26 '' '' ] ]")]
    [InlineData(5, "30 [ 't' [ 02 00000000 03 '' 09 '' ] ]")]
    public void Publish_Valid_IsAccepted(int version, string packet) => Verdict.ShouldBeAccepted(version, packet);

    [Theory]
    [InlineData("30 [ 't' [ 0B 01 ] ]")]
    [InlineData("30 [ 't' [ 0B FFFFFF7F 0B 01 0B 01 ] ]")]
    public void SubscriptionIdentifiers_FromAServer_AreAccepted(string packet) => Verdict.ShouldBeAccepted(5, packet, fromClient: false);

    [Fact]
    public void SubscriptionIdentifier_ZeroFromAServer_IsAProtocolError() =>
        Verdict.ShouldBeRefused(5, "30 [ 't' [ 0B 00 ] ]", 0x82, "§3.3.2.3.8", fromClient: false);
}
