using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Tests.Broker;

/// <summary>What CONNACK reports (MQTT 5.0 §3.2.2.3).</summary>
public class ConnAckTests
{
    // §3.2.2.3: what this server grants.
    [Fact]
    public async Task ConnAck_LimitsAreSet_ReportsThem()
    {
        await using var rig = new BrokerRig(options => options with
        {
            ReceiveMaximum = 10,
            MaxPacketSize = 2000,
            MaxTopicAliases = 3,
            MaxKeepAlive = TimeSpan.FromSeconds(30),
            MaxSessionExpiry = TimeSpan.FromSeconds(100),
        });
        var answer = (await rig.OpenAsync("a", change: connect => connect with
        {
            KeepAlive = 60,
            Properties = new PropertySet { SessionExpiryInterval = 1000 },
        })).Answer!;
        answer.Properties.ShouldBe(new PropertySet
        {
            ReceiveMaximum = 10,
            MaximumPacketSize = 2000,
            TopicAliasMaximum = 3,
            ServerKeepAlive = 30,
            SessionExpiryInterval = 100,
            SubscriptionIdentifiers = answer.Properties.SubscriptionIdentifiers,
            UserProperties = answer.Properties.UserProperties,
        });
    }

    // §3.2.2.3.2: an interval that is lower than the requested one is reported; the same one need not be.
    [Theory]
    [InlineData(0u, null)]
    [InlineData(50u, null)]
    [InlineData(100u, null)]
    [InlineData(101u, 100u)]
    [InlineData(uint.MaxValue, 100u)]
    public async Task SessionExpiry_OverTheCap_IsReportedAsCapped(uint requested, uint? reported)
    {
        await using var rig = new BrokerRig(options => options with { MaxSessionExpiry = TimeSpan.FromSeconds(100) });
        var answer = (await rig.OpenAsync("a", change: connect =>
            connect with { Properties = new PropertySet { SessionExpiryInterval = requested } })).Answer!;
        answer.Properties.SessionExpiryInterval.ShouldBe(reported);
    }

    // §3.2.2.3.14, [MQTT-3.1.2-21]: longer ones, and none, are cut to the longest.
    [Theory]
    [InlineData(0, 30)]
    [InlineData(10, null)]
    [InlineData(30, null)]
    [InlineData(31, 30)]
    public async Task KeepAlive_OverTheLongest_IsReportedAsServerKeepAlive(int requested, int? reported)
    {
        await using var rig = new BrokerRig(options => options with { MaxKeepAlive = TimeSpan.FromSeconds(30) });
        var answer = (await rig.OpenAsync("a", change: connect => connect with { KeepAlive = (ushort)requested })).Answer!;
        answer.Properties.ServerKeepAlive.ShouldBe((ushort?)reported);
    }

    // [MQTT-3.1.2-28], §3.2.2.3.15
    [Theory]
    [InlineData("a", true, "response/a")]
    [InlineData("a", false, null)]
    [InlineData("a", null, null)]
    [InlineData("a/b", true, null)]
    public async Task ResponseInformation_Requested_IsATopicOfTheClient(string clientId, bool? requested, string? expected)
    {
        await using var rig = new BrokerRig();
        var answer = (await rig.OpenAsync(clientId, change: connect => connect with
        {
            Properties = new PropertySet { RequestResponseInformation = requested },
        })).Answer!;
        answer.Properties.ResponseInformation.ShouldBe(expected);
        if (expected is not null)
        {
            (await rig.Open().Client.ConnectAsync(rig.Open().Client.Connect("b"))).Properties.ResponseInformation.ShouldBeNull();
        }
    }
}
