namespace Cassini.Tests.Mqtt;

/// <summary>DISCONNECT and AUTH.</summary>
public class DisconnectClauseTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Disconnect_ReasonCodeThatTheSenderMayNotSend_IsMalformed(bool fromClient)
    {
        var allowed = fromClient ? ReasonTables.ClientsDisconnect : ReasonTables.ServersDisconnect;
        for (var reason = 0; reason < 256; reason++)
        {
            foreach (var packet in new[] { $"E0 [ {reason:X2} ]", $"E0 [ {reason:X2} [] ]" })
            {
                if (allowed.Contains((byte)reason))
                {
                    Verdict.ShouldBeAccepted(5, packet, fromClient);
                }
                else
                {
                    Verdict.ShouldBeRefused(5, packet, 0x81, "MQTT-3.14.2-1", fromClient);
                }
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Auth_ReasonCodeThatTheSenderMayNotSend_IsMalformed(bool fromClient)
    {
        var allowed = fromClient ? ReasonTables.ClientsAuth : ReasonTables.ServersAuth;
        for (var reason = 0; reason < 256; reason++)
        {
            var packet = $"F0 [ {reason:X2} [ 15 'm' ] ]";
            if (allowed.Contains((byte)reason))
            {
                Verdict.ShouldBeAccepted(5, packet, fromClient);
            }
            else
            {
                Verdict.ShouldBeRefused(5, packet, 0x81, "MQTT-3.15.2-1", fromClient);
            }
        }
    }

    [Theory]
    [InlineData(4, "E0 [ 00 ]", 0x81, "§2.2.3", true)]
    [InlineData(4, "E0 [ 0000 ]", 0x81, "§2.2.3", true)]
    [InlineData(5, "E0 [ 00 [] 00 ]", 0x81, "§2.1.4", true)]
    [InlineData(5, "E0 [ 00 05 ]", 0x81, "§2.1.4", true)]
    [InlineData(5, "E0 [ 00 [ 1C 'elsewhere' ] ]", 0x82, "§3.14.2.2.5", true)]
    [InlineData(5, "E0 [ 00 [ 11 00000001 ] ]", 0x82, "MQTT-3.14.2-2", false)]
    public void Disconnect_AgainstARule_IsRefused(int version, string packet, int reason, string clause, bool fromClient) =>
        Verdict.ShouldBeRefused(version, packet, reason, clause, fromClient);

    [Theory]
    [InlineData(4, "E0 []", true)]
    [InlineData(5, "E0 []", true)]
    [InlineData(5, "E0 []", false)]
    [InlineData(5, "E0 [ 04 ]", true)]
    [InlineData(5, "E0 [ 04 [ 11 00000000 1F 'why' 26 'n' 'v' ] ]", true)]
    [InlineData(5, "E0 [ 9C [ 1C 'elsewhere' ] ]", false)]
    public void Disconnect_Valid_IsAccepted(int version, string packet, bool fromClient) =>
        Verdict.ShouldBeAccepted(version, packet, fromClient);

    [Theory]
    [InlineData("F0 []", 0x81, "MQTT-3.15.2-1", true)]
    [InlineData("F0 [ 18 ]", 0x82, "§3.15.2.2.2", true)]
    [InlineData("F0 [ 18 [] ]", 0x82, "§3.15.2.2.2", true)]
    [InlineData("F0 [ 19 [ 16 'd' ] ]", 0x82, "§3.15.2.2.2", true)]
    [InlineData("F0 [ 00 [] ]", 0x82, "§3.15.2.2.2", false)]
    [InlineData("F0 [ 18 [ 15 'm' ] 00 ]", 0x81, "§2.1.4", true)]
    public void Auth_AgainstARule_IsRefused(string packet, int reason, string clause, bool fromClient) =>
        Verdict.ShouldBeRefused(5, packet, reason, clause, fromClient);

    [Theory]
    [InlineData("F0 []", false)]
    [InlineData("F0 [ 00 [ 15 'm' 16 0002 00FF ] ]", false)]
    [InlineData("F0 [ 18 [ 15 'm' 16 0002 00FF 1F 'why' 26 'n' 'v' ] ]", true)]
    public void Auth_Valid_IsAccepted(string packet, bool fromClient) => Verdict.ShouldBeAccepted(5, packet, fromClient);
}
