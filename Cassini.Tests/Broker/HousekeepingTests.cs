using System.Text;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>The broker's work by the clock.</summary>
public class HousekeepingTests
{
    [Fact]
    public async Task Housekeeping_RunByTheClock_EndsExpiredSessions()
    {
        await using var rig = new BrokerRig();
        await (await rig.OpenAsync("a", change: connect =>
            connect with { CleanStart = false, Properties = new PropertySet { SessionExpiryInterval = 2 } })).LoseAsync();
        using var stop = new CancellationTokenSource();
        var running = rig.Broker.RunAsync(stop.Token);
        await Eventually.HoldsAsync("it runs", () => rig.Clock.Time.ArmedTimers == 1);
        rig.Clock.AdvanceBy(TimeSpan.FromSeconds(2.25));
        await rig.Events.WaitForAsync<SessionEnded>("the session expires");
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(running);
    }

    // Only clients are judged by the time that they had: everything else is due after a pause as well.
    [Fact]
    public async Task Housekeeping_AfterAPause_RemovesWhatHasExpired()
    {
        await using var rig = new BrokerRig();
        await rig.Broker.PublishAsync(new MqttMessage
        {
            Topic = "t",
            Payload = Encoding.UTF8.GetBytes("1"),
            Retain = true,
            ExpiresAfter = TimeSpan.FromMinutes(1),
        });

        rig.Pause(TimeSpan.FromHours(1));

        rig.Broker.Retained.Count.ShouldBe(0);
    }

    // A machine that is always late must still notice clients that are gone, and end sessions.
    [Fact]
    public async Task Housekeeping_EveryPassIsLate_StillJudgesClients()
    {
        await using var rig = new BrokerRig();
        var silent = await rig.OpenAsync("silent", change: connect => connect with { KeepAlive = 10 });
        await (await rig.OpenAsync("away", change: BrokerRig.Lasting)).LoseAsync();

        for (var i = 0; i < 20; i++)
        {
            rig.Pause(TimeSpan.FromSeconds(2));
        }

        silent.Closing.ShouldBe(CloseReason.KeepAliveTimeout);
        rig.Pause(TimeSpan.FromHours(2));
        rig.Pause(TimeSpan.FromSeconds(2));
        rig.Broker.Sessions.Find("away").ShouldBeNull();
    }
}
