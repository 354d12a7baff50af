using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>User properties that nobody reads: seven bytes each could become many times as much memory.</summary>
public class UserPropertyLimitTests
{
    [Fact]
    public async Task Connect_AsManyAsAreReadOrMore_IsAcceptedOrRefused()
    {
        await using var rig = new BrokerRig();
        var (few, many) = (rig.Open(), rig.Open());
        await few.Client.ConnectAsync(few.Client.Connect("few") with { Properties = Some(PropertyReader.MaxUserProperties) });

        var refusal = await many.Client.ExpectRefusalAsync(
            many.Client.Connect("many") with { Properties = Some(PropertyReader.MaxUserProperties + 1) });

        refusal.Reason.ShouldBe(ReasonCode.QuotaExceeded);
        rig.Events.Of<ProtocolViolated>().ShouldHaveSingleItem().Detail.ShouldContain("more than 256 user properties in Connect");
    }

    [Fact]
    public async Task Subscribe_MoreThanAreRead_EndsTheConnection()
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a");
        var requests = new SubscriptionRequest("t", QualityOfService.AtMostOnce, false, false, RetainHandling.Send);
        await connection.Client.SubscribeAsync([requests], Some(PropertyReader.MaxUserProperties));

        await connection.Client.SendAsync(
            new SubscribePacket(9, [requests], Some(PropertyReader.MaxUserProperties + 1)).Write(ProtocolVersion.V500));

        (await connection.Client.ExpectAsync<ReasonPacket>()).Reason.ShouldBe(ReasonCode.QuotaExceeded);
        await Eventually.CompletesAsync("the connection ends", connection.Served);
    }

    // They stay encoded, and travel with the message.
    [Fact]
    public async Task Publish_VeryMany_Travel()
    {
        await using var rig = new BrokerRig();
        var client = await rig.ConnectAsync("a");
        await client.SubscribeAsync("t");

        await client.SendAsync(client.Publish("t", "1", properties: Some(2_000)));

        (await client.ExpectPublishAsync("t", "1")).Properties.UserProperties.Length.ShouldBe(2_000);
    }

    private static PropertySet Some(int count) =>
        new() { UserProperties = [.. Enumerable.Range(0, count).Select(i => new UserProperty("", ""))] };
}
