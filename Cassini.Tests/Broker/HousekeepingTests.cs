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
}
