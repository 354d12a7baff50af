using Cassini.Streams.Mqtt;

namespace Cassini.Tests.Broker;

/// <summary>Sessions that begin and go on (MQTT 5.0 §4.1, §3.1.2.4).</summary>
public class SessionTests
{
    // [MQTT-3.1.2-5], [MQTT-3.2.2-3]; 3.1.1 [MQTT-3.1.2-4], [MQTT-3.2.2-2]
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Session_Lasting_ResumesWithItsSubscriptions(int version)
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", version, BrokerRig.Lasting);
        connection.Answer!.SessionPresent.ShouldBeFalse();
        await connection.Client.SubscribeAsync("t");
        await connection.DisconnectAsync();
        await (await rig.ConnectAsync("p")).PublishAsync("t", "while away", QualityOfService.AtLeastOnce);

        var again = await rig.OpenAsync("a", version, BrokerRig.Lasting);
        again.Answer!.SessionPresent.ShouldBeTrue();
        (await again.Client.ExpectPublishAsync("t", "while away")).Dup.ShouldBeFalse();
    }

    // [MQTT-3.1.2-4]; 3.1.1 [MQTT-3.1.2-6]
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task CleanStart_OverALastingSession_DropsEverythingOfIt(int version)
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", version, BrokerRig.Lasting);
        await connection.Client.SubscribeAsync("t");
        await connection.DisconnectAsync();
        var publisher = await rig.ConnectAsync("p");
        await publisher.PublishAsync("t", "1", QualityOfService.AtLeastOnce);

        var again = await rig.OpenAsync("a", version);
        again.Answer!.SessionPresent.ShouldBeFalse();
        await publisher.PublishAsync("t", "2", QualityOfService.AtLeastOnce);
        await again.Client.ExpectNothingAsync();
        rig.Broker.Tree.Count.ShouldBe(0);
        rig.Broker.Sessions.Count.ShouldBe(2);
    }
}
