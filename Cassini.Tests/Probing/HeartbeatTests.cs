using Cassini.Streams.Events;
using Cassini.Tests.Listening;
using static Cassini.Tests.Probing.Probers;

namespace Cassini.Tests.Probing;

/// <summary>Heartbeats of the listener manager.</summary>
public class HeartbeatTests
{
    [Fact]
    public async Task Heartbeats_ManagerAnswers_CarryItsCounts()
    {
        await using var rig = await ListeningRig.StartAsync();
        var (client, _) = await rig.OpenAndWaitAsync();
        var before = rig.Events.LastSequence;
        await using var loop = new Loop(Probers.Of(rig, Quick).RunHeartbeatsAsync);

        var beats = await rig.Events.WaitForCountAsync<HeartbeatReceived>(3, "three heartbeats");

        beats.ShouldAllBe(beat => beat.LiveConnections == 1);
        beats[0].CountedAt.ShouldBe(before);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Heartbeats_ManagerIsDown_FallSilentUntilItIsBack()
    {
        await using var rig = await ListeningRig.StartAsync(
            restart: new() { InitialDelay = TimeSpan.FromMilliseconds(400), MaxDelay = TimeSpan.FromMilliseconds(400) });
        await using var loop = new Loop(Probers.Of(rig, Quick).RunHeartbeatsAsync);
        await rig.Events.WaitForAsync<HeartbeatReceived>("a heartbeat");

        rig.Rehearsals.CrashManager();
        await rig.Events.WaitForAsync<Restarted>("the restart");
        var restart = rig.Events.Events.ToList().FindIndex(e => e is Restarted);
        var after = await rig.Events.WaitForCountAsync<HeartbeatReceived>(3, "three heartbeats after the restart", after: restart);

        var crash = rig.Events.Events.ToList().FindIndex(e => e is Crashed);
        (restart - crash).ShouldBeInRange(1, 2, "while the manager was down, at most the answer came that it had given before");
        after[0].RoundTrip
            .ShouldBeGreaterThan(TimeSpan.FromMilliseconds(200), "the ping that was posted in between waited for the restart");
    }
}
