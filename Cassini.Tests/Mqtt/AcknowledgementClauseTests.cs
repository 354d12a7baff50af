namespace Cassini.Tests.Mqtt;

public class AcknowledgementClauseTests
{
    [Theory]
    [InlineData("40", "MQTT-3.4.2-1")]
    [InlineData("50", "MQTT-3.5.2-1")]
    [InlineData("62", "MQTT-3.6.2-1")]
    [InlineData("70", "MQTT-3.7.2-1")]
    public void ReasonCode_NotInTheTable_IsMalformed(string header, string clause)
    {
        var allowed = header is "40" or "50" ? ReasonTables.PubAck : ReasonTables.PubRel;
        for (var reason = 0; reason < 256; reason++)
        {
            foreach (var packet in new[] { $"{header} [ 0001 {reason:X2} ]", $"{header} [ 0001 {reason:X2} [] ]" })
            {
                if (allowed.Contains((byte)reason))
                {
                    Verdict.ShouldBeAccepted(5, packet);
                }
                else
                {
                    Verdict.ShouldBeRefused(5, packet, 0x81, clause);
                }
            }
        }
    }

    [Theory]
    [InlineData(4, "40 [ 0000 ]", "MQTT-2.3.1-6")]
    [InlineData(4, "50 [ 0000 ]", "MQTT-2.3.1-6")]
    [InlineData(4, "62 [ 0000 ]", "MQTT-2.3.1-6")]
    [InlineData(4, "70 [ 0000 ]", "§2.3.1")]
    [InlineData(5, "40 [ 0000 ]", "MQTT-2.2.1-5")]
    [InlineData(5, "50 [ 0000 00 ]", "MQTT-2.2.1-5")]
    [InlineData(5, "62 [ 0000 ]", "MQTT-2.2.1-5")]
    [InlineData(5, "70 [ 0000 92 [] ]", "MQTT-2.2.1-5")]
    public void PacketIdentifier_Zero_IsAProtocolError(int version, string packet, string clause) =>
        Verdict.ShouldBeRefused(version, packet, 0x82, clause);

    [Theory]
    [InlineData("40")]
    [InlineData("50")]
    [InlineData("62")]
    [InlineData("70")]
    public void Length_OtherThanAllowed_IsMalformed(string header)
    {
        Verdict.ShouldBeRefused(4, $"{header} []", 0x81, "§2.2.3");
        Verdict.ShouldBeRefused(4, $"{header} [ 00 ]", 0x81, "§2.2.3");
        Verdict.ShouldBeRefused(4, $"{header} [ 0001 00 ]", 0x81, "§2.2.3");
        Verdict.ShouldBeRefused(5, $"{header} []", 0x81, "§2.1.4");
        Verdict.ShouldBeRefused(5, $"{header} [ 00 ]", 0x81, "§2.1.4");
        Verdict.ShouldBeRefused(5, $"{header} [ 0001 00 [] 00 ]", 0x81, "§2.1.4");
        Verdict.ShouldBeRefused(5, $"{header} [ 0001 00 01 ]", 0x81, "§2.1.4");
        Verdict.ShouldBeAccepted(4, $"{header} [ 0001 ]");
        Verdict.ShouldBeAccepted(5, $"{header} [ 0001 ]");
        Verdict.ShouldBeAccepted(5, $"{header} [ 0001 00 ]");
        Verdict.ShouldBeAccepted(5, $"{header} [ 0001 00 [ 1F 'why' 26 'n' 'v' ] ]");
    }
}
