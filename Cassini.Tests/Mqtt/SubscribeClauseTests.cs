namespace Cassini.Tests.Mqtt;

public class SubscribeClauseTests
{
    [Theory]
    [InlineData(4, "82 [ 0000 'a' 00 ]", 0x82, "MQTT-2.3.1-1")]
    [InlineData(5, "82 [ 0000 [] 'a' 00 ]", 0x82, "MQTT-2.2.1-3")]
    [InlineData(4, "82 [ 0001 ]", 0x82, "MQTT-3.8.3-3")]
    [InlineData(5, "82 [ 0001 [] ]", 0x82, "MQTT-3.8.3-2")]
    [InlineData(4, "82 [ 0001 'a' 03 ]", 0x81, "MQTT-3-8.3-4")]
    [InlineData(4, "82 [ 0001 'a' 04 ]", 0x81, "MQTT-3-8.3-4")]
    [InlineData(4, "82 [ 0001 'a' 08 ]", 0x81, "MQTT-3-8.3-4")]
    [InlineData(4, "82 [ 0001 'a' 10 ]", 0x81, "MQTT-3-8.3-4")]
    [InlineData(4, "82 [ 0001 'a' 20 ]", 0x81, "MQTT-3-8.3-4")]
    [InlineData(4, "82 [ 0001 'a' 40 ]", 0x81, "MQTT-3-8.3-4")]
    [InlineData(4, "82 [ 0001 'a' 80 ]", 0x81, "MQTT-3-8.3-4")]
    [InlineData(4, "82 [ 0001 'a' 00 'b' 80 ]", 0x81, "MQTT-3-8.3-4")]
    [InlineData(5, "82 [ 0001 [] 'a' 40 ]", 0x81, "MQTT-3.8.3-5")]
    [InlineData(5, "82 [ 0001 [] 'a' 80 ]", 0x81, "MQTT-3.8.3-5")]
    [InlineData(5, "82 [ 0001 [] 'a' 02 'b' C0 ]", 0x81, "MQTT-3.8.3-5")]
    [InlineData(5, "82 [ 0001 [] 'a' 43 ]", 0x81, "MQTT-3.8.3-5")]
    [InlineData(5, "82 [ 0001 [] 'a' 03 ]", 0x82, "§3.8.3.1")]
    [InlineData(5, "82 [ 0001 [] 'a' 30 ]", 0x82, "§3.8.3.1")]
    [InlineData(5, "82 [ 0001 [] '$share/g/a' 04 ]", 0x82, "MQTT-3.8.3-4")]
    [InlineData(5, "82 [ 0001 [ 0B 00 ] 'a' 00 ]", 0x82, "§3.8.2.1.2")]
    [InlineData(5, "82 [ 0001 [ 0B 80808080 01 ] 'a' 00 ]", 0x81, "§1.5.5")]
    [InlineData(5, "82 [ 0001 [ 0B 8100 ] 'a' 00 ]", 0x81, "MQTT-1.5.5-1")]
    [InlineData(4, "82 [ 0001 '' 00 ]", 0x81, "MQTT-4.7.3-1")]
    [InlineData(5, "82 [ 0001 [] 'a' 00 '' 00 ]", 0x81, "MQTT-4.7.3-1")]
    [InlineData(4, "82 [ 0001 '$share/' 00 ]", 0x81, "MQTT-4.8.2-1")]
    [InlineData(5, "82 [ 0001 [] '$share//a' 00 ]", 0x81, "MQTT-4.8.2-1")]
    [InlineData(5, "82 [ 0001 [] '$share//' 00 ]", 0x81, "MQTT-4.8.2-1")]
    [InlineData(4, "82 [ 0001 '$share/g' 00 ]", 0x81, "MQTT-4.8.2-2")]
    [InlineData(5, "82 [ 0001 [] 'a' 00 '$share/g/' 00 ]", 0x81, "MQTT-4.8.2-2")]
    public void Subscribe_AgainstARule_IsRefused(int version, string packet, int reason, string clause) =>
        Verdict.ShouldBeRefused(version, packet, reason, clause);

    [Theory]
    [InlineData(4, "82 [ ]")]
    [InlineData(4, "82 [ 00 ]")]
    [InlineData(4, "82 [ 0001 'a' ]")]
    [InlineData(4, "82 [ 0001 'a' 00 00 ]")]
    [InlineData(4, "82 [ 0001 0002 61 ]")]
    [InlineData(5, "82 [ 0001 ]")]
    [InlineData(5, "82 [ 0001 [] 'a' ]")]
    [InlineData(5, "82 [ 0001 [] 'a' 00 'b' ]")]
    [InlineData(5, "82 [ 0001 05 'a' 00 ]")]
    public void Subscribe_ThatEndsWithinAField_IsMalformed(int version, string packet) =>
        Verdict.ShouldBeRefused(version, packet, 0x81, version == 4 ? "§2.2.3" : "§2.1.4");

    /// <summary>Filters with a misplaced wildcard too: each is answered by itself in SUBACK.</summary>
    [Theory]
    [InlineData(4, "82 [ FFFF 'a' 00 'b' 01 'c' 02 ]")]
    [InlineData(4, "82 [ 0001 'a/#/b' 00 '$share' 00 '$share/g+/a' 00 ]")]
    [InlineData(5, "82 [ 0001 [] 'a' 2E '$share/g/a' 2A ]")]
    [InlineData(5, "82 [ 0001 [ 0B FFFFFF7F 26 'n' 'v' 26 'n' 'v' ] 'a/#/b' 00 ]")]
    public void Subscribe_Valid_IsAccepted(int version, string packet) => Verdict.ShouldBeAccepted(version, packet);

    [Theory]
    [InlineData(4, "A2 [ 0000 'a' ]", 0x82, "MQTT-2.3.1-1")]
    [InlineData(5, "A2 [ 0000 [] 'a' ]", 0x82, "MQTT-2.2.1-3")]
    [InlineData(4, "A2 [ 0001 ]", 0x82, "MQTT-3.10.3-2")]
    [InlineData(5, "A2 [ 0001 [] ]", 0x82, "MQTT-3.10.3-2")]
    [InlineData(4, "A2 [ ]", 0x81, "§2.2.3")]
    [InlineData(4, "A2 [ 0001 0002 61 ]", 0x81, "§2.2.3")]
    [InlineData(5, "A2 [ 0001 ]", 0x81, "§2.1.4")]
    [InlineData(5, "A2 [ 0001 [] 'a' 00 ]", 0x81, "§2.1.4")]
    [InlineData(4, "A2 [ 0001 'a' '' ]", 0x81, "MQTT-4.7.3-1")]
    [InlineData(5, "A2 [ 0001 [] '' ]", 0x81, "MQTT-4.7.3-1")]
    [InlineData(5, "A2 [ 0001 [] '$share//a' ]", 0x81, "MQTT-4.8.2-1")]
    [InlineData(4, "A2 [ 0001 '$share/g' ]", 0x81, "MQTT-4.8.2-2")]
    [InlineData(5, "A2 [ 0001 [] '$share/g/' ]", 0x81, "MQTT-4.8.2-2")]
    public void Unsubscribe_AgainstARule_IsRefused(int version, string packet, int reason, string clause) =>
        Verdict.ShouldBeRefused(version, packet, reason, clause);

    [Theory]
    [InlineData(4, "A2 [ 0001 'a' '#' 'x#' ]")]
    [InlineData(5, "A2 [ 0001 [ 26 'n' 'v' ] 'a' '$share/g/#' ]")]
    public void Unsubscribe_Valid_IsAccepted(int version, string packet) => Verdict.ShouldBeAccepted(version, packet);

    [Theory]
    [InlineData(4, "90 [ 0000 00 ]", 0x82, "MQTT-2.3.1-7")]
    [InlineData(5, "90 [ 0000 [] 00 ]", 0x82, "MQTT-2.2.1-6")]
    [InlineData(4, "B0 [ 0000 ]", 0x82, "MQTT-2.3.1-7")]
    [InlineData(5, "B0 [ 0000 [] 00 ]", 0x82, "MQTT-2.2.1-6")]
    [InlineData(4, "B0 [ 0001 00 ]", 0x81, "§2.2.3")]
    [InlineData(5, "90 [ 0001 ]", 0x81, "§2.1.4")]
    public void SubAckAndUnsubAck_OfAnotherForm_AreRefused(int version, string packet, int reason, string clause) =>
        Verdict.ShouldBeRefused(version, packet, reason, clause, fromClient: false);
}
