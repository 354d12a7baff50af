using System.Net;
using System.Security.Authentication;
using Cassini.Streams.Events;
using Cassini.Streams.Listening;
using Cassini.Streams.Listening.Connections;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Probing;
using Cassini.Tests.Listening;
using Cassini.Tests.Supervision;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Probing;

public class ProberTests
{
    private static readonly ProbingOptions Quick = new()
    {
        HeartbeatInterval = TimeSpan.FromMilliseconds(10),
        AcceptProbeInterval = TimeSpan.FromMilliseconds(10),
        CanaryInterval = TimeSpan.FromMilliseconds(10),
    };

    private static readonly ProbingOptions QuickToSeeAStall = Quick with { AcceptProbeTimeout = TimeSpan.FromMilliseconds(150), Window = TimeSpan.FromMilliseconds(150), StallWindows = 2 };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Heartbeats_ManagerAnswers_CarryItsCounts()
    {
        await using var rig = await ListeningRig.StartAsync();
        var (client, _) = await rig.OpenAndWaitAsync();
        var before = rig.Events.LastSequence;
        await using var loop = Run(rig, Quick, prober => prober.RunHeartbeatsAsync);

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
        await using var loop = Run(rig, Quick, prober => prober.RunHeartbeatsAsync);
        await rig.Events.WaitForAsync<HeartbeatReceived>("a heartbeat");

        rig.Rehearsals.CrashManager();
        await rig.Events.WaitForAsync<Restarted>("the restart");
        var restart = rig.Events.Events.ToList().FindIndex(e => e is Restarted);
        var after = await rig.Events.WaitForCountAsync<HeartbeatReceived>(3, "three heartbeats after the restart", after: restart);

        var crash = rig.Events.Events.ToList().FindIndex(e => e is Crashed);
        (restart - crash).ShouldBeInRange(1, 2, "while the manager was down came at most the answer that it had given before");
        after[0].RoundTrip.ShouldBeGreaterThan(TimeSpan.FromMilliseconds(200), "the ping that was posted meanwhile waited for the restart");
    }

    [Fact]
    public async Task AcceptProbes_EndpointsBound_AreAcknowledgedAndLeaveNoTrace()
    {
        await using var rig = await ListeningRig.StartAsync(o => o with
        {
            Endpoints = [ListeningRig.AnyPort, new EndpointAddress(IPAddress.Any, 0)],
        });
        await using var loop = Run(rig, Quick, prober => prober.RunAcceptProbesAsync);

        await rig.Events.WaitForCountAsync<AcceptProbed>(3, "the first endpoint's", probed => probed.Endpoint == "127.0.0.1:0");
        await rig.Events.WaitForCountAsync<AcceptProbed>(3, "the wildcard's", probed => probed.Endpoint == "0.0.0.0:0");

        rig.Events.Events.ShouldAllBe(e => e is AcceptProbed || e.Category == EventCategory.Listener);
    }

    [Fact]
    public async Task AcceptProbes_LoopHangs_IsRestartedByItsSupervisor()
    {
        await using var rig = await ListeningRig.StartAsync(transport: new HangingTransport());
        await using var loop = Run(rig, QuickToSeeAStall, prober => prober.RunAcceptProbesAsync);

        var crashed = await rig.Events.WaitForAsync<Crashed>("the restart of the stalled loop");
        await rig.Events.WaitForAsync<AcceptProbed>("the first acknowledgement");

        crashed.Component.ShouldBe(new Component(ComponentKind.AcceptLoop, "127.0.0.1:0"));
        crashed.Exception.ShouldBe(nameof(TimeoutException));
        crashed.Message.ShouldContain("stalled");
        rig.Events.All<ListenerClosed>().Single().Reason.ShouldBe(ListenerCloseReason.Failed);
        rig.Events.Events.ToList().FindIndex(e => e is AcceptProbed).ShouldBeGreaterThan(rig.Events.Events.ToList().FindIndex(e => e is Restarted));
    }

    [Fact]
    public async Task AcceptProbes_StallIsRehearsed_FallSilentAndRestartNothing()
    {
        await using var rig = await ListeningRig.StartAsync();
        rig.Rehearsals.StallAccept(null);
        var failures = new CountingLogger();
        await using var loop = Run(rig, QuickToSeeAStall, prober => prober.RunAcceptProbesAsync, failures);
        await failures.NextFailureAsync().Within("the first silent window");
        var before = rig.Events.LastSequence;

        for (var window = 1; window <= QuickToSeeAStall.StallWindows + 2; window++)
        {
            await failures.NextFailureAsync().Within("more silent windows than a stall takes");
        }

        rig.Events.LastSequence.ShouldBe(before);

        rig.Rehearsals.Resume();
        await rig.Events.WaitForAsync<AcceptProbed>("an acknowledgement after the resume", after: before);
        (await rig.Manager.PingAsync(Token).Within("the ping")).LiveConnections.ShouldBe(0);
        rig.Events.All<ConnectionAccepted>().ShouldBeEmpty("probes that had given up are still no clients");
    }

    [Fact]
    public async Task Canary_AllIsWell_MakesTheWholeTripAndLeavesNoTrace()
    {
        await using var rig = await ListeningRig.StartAsync(
            o => o with { Endpoints = [ListeningRig.AnyPort, new EndpointAddress(IPAddress.Any, 0)] });
        await using var loop = Run(rig, WithCanary(rig), prober => prober.RunCanaryAsync);

        var trips = await rig.Events.WaitForCountAsync<CanarySucceeded>(3, "three trips");

        trips.ShouldAllBe(trip => trip.Handshake > TimeSpan.Zero && trip.Total == trip.Connect + trip.Handshake + trip.Session);
        rig.Events.Events.ShouldAllBe(e => e is CanarySucceeded || e.Category == EventCategory.Listener);
        (await rig.Manager.PingAsync(Token).Within("the ping")).LiveConnections.ShouldBe(0);
        rig.Manager.OpenConnections.ShouldBe(0);
    }

    [Fact]
    public async Task Canary_EveryLimitReached_StillGetsIn()
    {
        await using var rig = await ListeningRig.StartAsync(o => o with { MaxConnections = 1, MaxHandshakes = 1, MaxPending = 1 });
        var (client, _) = await rig.OpenAndWaitAsync();
        using var half = await rig.ConnectAsync();
        await half.SendAsync(new byte[] { 0x16, 0x03 }, Token);
        await rig.Events.WaitForCountAsync<ConnectionAccepted>(2, "the half hello");
        using var silent = await rig.ConnectAsync();
        await using var loop = Run(rig, WithCanary(rig), prober => prober.RunCanaryAsync);

        await rig.Events.WaitForAsync<CanarySucceeded>("the trip");
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Canary_WithoutACertificate_SaysOnceThatItIsOff()
    {
        await using var rig = await ListeningRig.StartAsync();

        await Prober(rig, Quick).RunCanaryAsync(Token).Within("the canary's end");

        rig.Events.All<CanaryDisabled>().Count.ShouldBe(1);
    }

    [Fact]
    public async Task Canary_NothingIsBound_SaysSo()
    {
        await using var rig = await ListeningRig.StartAsync();
        rig.Rehearsals.CloseEndpoint(null);
        await rig.Events.WaitForAsync<ListenerClosed>("the close");

        (await FirstFailureAsync(rig, WithCanary(rig))).ShouldSatisfyAllConditions(
            e => e.Endpoint.ShouldBeNull(),
            e => e.Reason.ShouldBe(CanaryFailure.NothingBound));
    }

    [Fact]
    public async Task Canary_AcceptLoopIsStalled_TimesOut()
    {
        await using var rig = await ListeningRig.StartAsync();
        rig.Rehearsals.StallAccept(null);

        (await FirstFailureAsync(rig, WithCanary(rig) with { CanaryTimeout = TimeSpan.FromSeconds(1) })).ShouldSatisfyAllConditions(
            e => e.Endpoint.ShouldBe("127.0.0.1:0"),
            e => e.Stage.ShouldBe(CanaryStage.Handshake),
            e => e.Reason.ShouldBe(CanaryFailure.TimedOut));
    }

    [Fact]
    public async Task Canary_ManagerIsDown_TimesOut()
    {
        await using var rig = await ListeningRig.StartAsync(
            restart: new() { InitialDelay = TimeSpan.FromMinutes(5), MaxDelay = TimeSpan.FromMinutes(5) });
        rig.Rehearsals.CrashManager();
        await rig.Events.WaitForAsync<Crashed>("the crash");

        (await FirstFailureAsync(rig, WithCanary(rig) with { CanaryTimeout = TimeSpan.FromSeconds(1) })).Reason.ShouldBe(CanaryFailure.TimedOut);
    }

    [Fact]
    public async Task Canary_AnotherCertificateIsServed_IsAFailureOfItsOwn()
    {
        await using var rig = await ListeningRig.StartAsync();
        await using var other = await ListeningRig.StartAsync();

        var prober = new Prober(WithCanary(rig), rig.Manager, other.Store, rig.Events, TimeProvider.System, NullLogger<Prober>.Instance);
        await using var loop = new Loop(prober.RunCanaryAsync);

        (await rig.Events.WaitForAsync<CanaryFailed>("the failure")).ShouldSatisfyAllConditions(
            e => e.Stage.ShouldBe(CanaryStage.Certificate),
            e => e.Reason.ShouldBe(CanaryFailure.WrongCertificate));
    }

    [Fact]
    public async Task Canary_BrokerRefusesItsCertificate_TellsTheBrokersReason()
    {
        await using var rig = await ListeningRig.StartAsync();
        using var foreign = new TestCertificates();
        var (certificate, key) = foreign.WriteClient("canary");

        var failed = await FirstFailureAsync(rig, Quick with { CanaryCertificatePath = certificate, CanaryKeyPath = key });

        failed.Reason.ShouldBe(CanaryFailure.Refused);
        failed.Detail.ShouldStartWith(nameof(HandshakeFailure.UntrustedCertificate));
        rig.Events.All<HandshakeFailed>().ShouldBeEmpty();
    }

    [Fact]
    public async Task Canary_HandlerCrashesOnClients_StillSaysThatItGotIn()
    {
        await using var rig = await ListeningRig.StartAsync(handler: new CrashingHandler());
        await using var loop = Run(rig, WithCanary(rig), prober => prober.RunCanaryAsync);

        await rig.Events.WaitForAsync<CanarySucceeded>("the trip");
        rig.Events.All<Crashed>().ShouldBeEmpty();
    }

    [Fact]
    public async Task Canary_OwnCertificateExpired_DoesNotConnect()
    {
        await using var rig = await ListeningRig.StartAsync();
        var (certificate, key) = rig.Certificates.WriteClient("canary", validFor: TimeSpan.FromHours(-1));

        var failed = await FirstFailureAsync(rig, Quick with { CanaryCertificatePath = certificate, CanaryKeyPath = key });

        failed.Reason.ShouldBe(CanaryFailure.OwnCertificateExpired);
        failed.Endpoint.ShouldBeNull();
    }

    [Fact]
    public async Task Canary_OwnCertificateIsReplaced_UsesTheNewOne()
    {
        await using var rig = await ListeningRig.StartAsync();
        var (certificate, key) = rig.Certificates.WriteClient("canary", validFor: TimeSpan.FromHours(-1));
        await using var loop = Run(rig, Quick with { CanaryCertificatePath = certificate, CanaryKeyPath = key }, prober => prober.RunCanaryAsync);
        await rig.Events.WaitForAsync<CanaryFailed>("the expiry");

        rig.Certificates.WriteClient("canary");

        await rig.Events.WaitForAsync<CanarySucceeded>("the trip with the new certificate");
    }

    [Fact]
    public async Task Canary_ServersCertificateIsReloadedMeanwhile_IsNoFailure()
    {
        await using var rig = await ListeningRig.StartAsync();
        await using var loop = Run(rig, WithCanary(rig) with { CanaryInterval = TimeSpan.FromMilliseconds(1) }, prober => prober.RunCanaryAsync);
        for (var reload = 1; reload <= 20; reload++)
        {
            rig.Certificates.WriteServer();
            rig.Store.Load();
            await rig.Events.WaitForCountAsync<CanarySucceeded>(1, $"a trip after reload {reload}", after: rig.Events.LastSequence);
        }

        rig.Events.All<CanaryFailed>().ShouldBeEmpty();
    }

    [Fact]
    public async Task CanaryInMqtt_AllIsWell_TellsEveryStagesTime()
    {
        await using var rig = await ListeningRig.StartAsync(handler: new ScriptedBroker());
        await using var loop = RunInMqtt(rig, WithCanary(rig));

        var trips = await rig.Events.WaitForCountAsync<CanarySucceeded>(3, "three trips");

        trips.ShouldAllBe(trip => trip.Subscribe > TimeSpan.Zero && trip.Deliver > TimeSpan.Zero
            && trip.Total == trip.Connect + trip.Handshake + trip.Session + trip.Subscribe + trip.Deliver);
        rig.Events.Events.ShouldAllBe(e => e is CanarySucceeded || e.Category == EventCategory.Listener);
    }

    public static TheoryData<string, CanaryStage, CanaryFailure, string> MqttFailures => new()
    {
        { nameof(Fault.ConnectRefused), CanaryStage.Session, CanaryFailure.Refused, "ServerBusy: come back later" },
        { nameof(Fault.Silent), CanaryStage.Session, CanaryFailure.TimedOut, "not within" },
        { nameof(Fault.Garbage), CanaryStage.Session, CanaryFailure.WrongAnswer, "not a packet" },
        { nameof(Fault.Closed), CanaryStage.Session, CanaryFailure.ConnectionFailed, "closed" },
        { nameof(Fault.SubscribeRefused), CanaryStage.Subscribe, CanaryFailure.Refused, "NotAuthorized" },
        { nameof(Fault.SubscribeForgotten), CanaryStage.Subscribe, CanaryFailure.TimedOut, "not within" },
        { nameof(Fault.GrantedLess), CanaryStage.Subscribe, CanaryFailure.WrongAnswer, "QoS 0" },
        { nameof(Fault.Disconnected), CanaryStage.Subscribe, CanaryFailure.Refused, "ServerShuttingDown" },
        { nameof(Fault.MessageLost), CanaryStage.Deliver, CanaryFailure.TimedOut, "not within" },
        { nameof(Fault.AcknowledgementLost), CanaryStage.Deliver, CanaryFailure.TimedOut, "not within" },
        { nameof(Fault.PublishRefused), CanaryStage.Deliver, CanaryFailure.Refused, "QuotaExceeded" },
        { nameof(Fault.OtherPayload), CanaryStage.Deliver, CanaryFailure.WrongMessage, "changed" },
        { nameof(Fault.OtherTopic), CanaryStage.Deliver, CanaryFailure.WrongMessage, "another topic" },
        { nameof(Fault.Twice), CanaryStage.Deliver, CanaryFailure.WrongMessage, "twice" },
    };

    [Theory]
    [MemberData(nameof(MqttFailures))]
    public async Task CanaryInMqtt_BrokerIsFaulty_NamesTheStageAndTheReason(string fault, CanaryStage stage, CanaryFailure reason, string detail)
    {
        await using var rig = await ListeningRig.StartAsync(handler: new ScriptedBroker(Enum.Parse<Fault>(fault)));

        var patience = TimeSpan.FromSeconds(reason == CanaryFailure.TimedOut ? 2 : 20);
        await using var loop = RunInMqtt(rig, WithCanary(rig) with { CanaryTimeout = patience });

        (await rig.Events.WaitForAsync<CanaryFailed>("the failure")).ShouldSatisfyAllConditions(
            e => e.Stage.ShouldBe(stage),
            e => e.Reason.ShouldBe(reason),
            e => e.Detail.ShouldContain(detail),
            e => e.Endpoint.ShouldBe("127.0.0.1:0"));
    }

    private static Loop RunInMqtt(ListeningRig rig, ProbingOptions options) => new(
        new Prober(options, rig.Manager, rig.Store, rig.Events, TimeProvider.System, NullLogger<Prober>.Instance, speaksMqtt: true).RunCanaryAsync);

    private static Prober Prober(ListeningRig rig, ProbingOptions options, CountingLogger? logger = null) =>
        new(options, rig.Manager, rig.Store, rig.Events, TimeProvider.System, (Microsoft.Extensions.Logging.ILogger<Prober>?)logger ?? NullLogger<Prober>.Instance);

    private static ProbingOptions WithCanary(ListeningRig rig)
    {
        var (certificate, key) = rig.Certificates.WriteClient("canary");
        return Quick with { CanaryCertificatePath = certificate, CanaryKeyPath = key };
    }

    private static async Task<CanaryFailed> FirstFailureAsync(ListeningRig rig, ProbingOptions options)
    {
        await using var loop = Run(rig, options, prober => prober.RunCanaryAsync);
        return await rig.Events.WaitForAsync<CanaryFailed>("the failure");
    }

    private static Loop Run(
        ListeningRig rig, ProbingOptions options, Func<Prober, Func<CancellationToken, Task>> body, CountingLogger? logger = null) =>
        new(body(Prober(rig, options, logger)));

    private sealed class CrashingHandler : IConnectionHandler
    {
        public Task HandleAsync(Connection connection, CancellationToken cancellationToken) => throw new InvalidOperationException("a bug");
    }
}
