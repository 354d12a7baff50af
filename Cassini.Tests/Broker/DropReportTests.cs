using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Outgoing;
using Cassini.Streams.Broker.Upkeep;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;

namespace Cassini.Tests.Broker;

/// <summary>The events about copies that were dropped.</summary>
public class DropReportTests
{
    [Fact]
    public async Task Publish_WhileCopiesAreDropped_ReportsEachOnce()
    {
        const int Copies = 200_000;
        await using var rig = new BrokerRig();
        await rig.ConnectAsync("a");
        var losses = rig.Broker.Sessions.Find("a")!.Losses;
        var report = new DropReport(
            rig.Broker.Sessions, rig.Broker.Counters, new BrokerEvents(rig.Events, rig.Clock.Time), rig.Clock.Time);
        var topic = new Topic(MqttText.Encode("t"), isListed: true, 0);
        var dropping = Task.Run(() =>
        {
            for (var i = 0; i < Copies; i++)
            {
                losses.Count(OutboxVerdict.Full, topic, QualityOfService.AtMostOnce);
            }
        });
        while (!dropping.IsCompleted)
        {
            await report.PublishAsync();
        }

        await dropping;
        await report.PublishAsync();
        var reported = rig.Events.Of<MessagesDropped>();
        reported.Sum(dropped => dropped.Count).ShouldBe(Copies);
        reported.ShouldAllBe(dropped => dropped.ClientId == "a");
    }
}
