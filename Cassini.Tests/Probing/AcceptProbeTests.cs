using System.Net;
using Cassini.Streams.Events;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Probing;
using Cassini.Tests.Listening;
using Cassini.Tests.Supervision;
using static Cassini.Tests.Probing.Probers;

namespace Cassini.Tests.Probing;

/// <summary>Probes of the accept loops.</summary>
public class AcceptProbeTests
{
    private static readonly ProbingOptions QuickToSeeAStall = Quick with
    {
        AcceptProbeTimeout = TimeSpan.FromMilliseconds(150),
        Window = TimeSpan.FromMilliseconds(150),
        StallWindows = 2,
    };

    [Fact]
    public async Task AcceptProbes_EndpointsBound_AreAcknowledgedAndLeaveNoTrace()
    {
        await using var rig = await ListeningRig.StartAsync(o => o with
        {
            Endpoints = [ListeningRig.AnyPort, new EndpointAddress(IPAddress.Any, 0)],
        });
        await using var loop = new Loop(Probers.Of(rig, Quick).RunAcceptProbesAsync);

        await rig.Events.WaitForCountAsync<AcceptProbed>(3, "the first endpoint's", probed => probed.Endpoint == "127.0.0.1:0");
        await rig.Events.WaitForCountAsync<AcceptProbed>(3, "the wildcard's", probed => probed.Endpoint == "0.0.0.0:0");

        rig.Events.Events.ShouldAllBe(e => e is AcceptProbed || e.Category == EventCategory.Listener);
    }

    [Fact]
    public async Task AcceptProbes_LoopHangs_IsRestartedByItsSupervisor()
    {
        await using var rig = await ListeningRig.StartAsync(transport: new HangingTransport());
        await using var loop = new Loop(Probers.Of(rig, QuickToSeeAStall).RunAcceptProbesAsync);

        var crashed = await rig.Events.WaitForAsync<Crashed>("the restart of the stalled loop");
        await rig.Events.WaitForAsync<AcceptProbed>("the first acknowledgement");

        crashed.Component.ShouldBe(new Component(ComponentKind.AcceptLoop, "127.0.0.1:0"));
        crashed.Exception.ShouldBe(nameof(TimeoutException));
        crashed.Message.ShouldContain("stalled");
        rig.Events.Of<ListenerClosed>().Single().Reason.ShouldBe(ListenerCloseReason.Failed);
        rig.Events.Events.ToList().FindIndex(e => e is AcceptProbed)
            .ShouldBeGreaterThan(rig.Events.Events.ToList().FindIndex(e => e is Restarted));
    }

    [Fact]
    public async Task AcceptProbes_StallIsRehearsed_FallSilentAndRestartNothing()
    {
        await using var rig = await ListeningRig.StartAsync();
        rig.Rehearsals.StallAccept(null);
        var failures = new CountingLogger();
        await using var loop = new Loop(Probers.Of(rig, QuickToSeeAStall, failures).RunAcceptProbesAsync);
        await failures.NextFailureAsync().Within("the first silent window");
        var before = rig.Events.LastSequence;

        for (var window = 1; window <= QuickToSeeAStall.StallWindows + 2; window++)
        {
            await failures.NextFailureAsync().Within("more silent windows than a stall takes");
        }

        rig.Events.LastSequence.ShouldBe(before);

        rig.Rehearsals.Resume();
        await rig.Events.WaitForAsync<AcceptProbed>("an acknowledgement after the resume", after: before);
        (await rig.Manager.PingAsync(TestContext.Current.CancellationToken).Within("the ping")).LiveConnections.ShouldBe(0);
        rig.Events.Of<ConnectionAccepted>().ShouldBeEmpty("probes that gave up are not clients");
    }
}
