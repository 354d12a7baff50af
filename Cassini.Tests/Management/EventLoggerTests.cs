using System.Reactive.Linq;
using Cassini.Management.Logging;
using Cassini.Management.Telemetry;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health;
using Cassini.Tests.Events;
using Cassini.Tests.Health;
using Cassini.Tests.Support;
using Microsoft.Extensions.Logging;

namespace Cassini.Tests.Management;

public class EventLoggerTests
{
    public static TheoryData<BrokerEvent, LogLevel, string> Events => new()
    {
        { Happened.Bound(), LogLevel.Information, "127.0.0.1:8883 is bound" },
        { new ListenerBound("127.0.0.1:0", "127.0.0.1:8883"), LogLevel.Information, "127.0.0.1:0 is bound to 127.0.0.1:8883" },
        { Happened.BindFailed(), LogLevel.Error, "AddressAlreadyInUse" },
        { new ConnectionAccepted(5, "e", "r"), LogLevel.Debug, "connection 5" },
        { Happened.Refused(5), LogLevel.Information, "UntrustedCertificate" },
        { Happened.Refused(5, HandshakeFailure.BareProbe), LogLevel.Debug, "connection 5: ended without a handshake: BareProbe" },
        { Happened.Crashed(ComponentKind.Connection) with { Message = "a\nb" }, LogLevel.Debug, @"a\nb" },
        { Happened.Crashed(ComponentKind.Connection), LogLevel.Debug, "Connection 1 crashed: IOException: boom" },
        { Happened.Crashed(ComponentKind.AcceptLoop, "e", 1), LogLevel.Debug, "next start in 1 s" },
        { Happened.Crashed(ComponentKind.Observer, "slow reader"), LogLevel.Debug, "Observer slow reader crashed: " },
        { new GaveUp(Happened.Manager, 5, TimeSpan.FromMinutes(1)), LogLevel.Error, "ListenerManager is given up" },
        { Happened.Heartbeat(), LogLevel.Trace, "heartbeat" },
        { Happened.CanaryFailed(), LogLevel.Warning, "Session TimedOut: no session" },
        {
            new SessionOpened(5, "c-1", "alice", "MQTT 5.0", true), LogLevel.Debug,
            "connection 5: client c-1 opened its session with MQTT 5.0, session present: True"
        },
        { new ClientRefused(5, "NotAuthorized", "no"), LogLevel.Information, "an unknown address was refused: NotAuthorized: no" },
        { new ClientRefused(5, "NotAuthorized", "a\n\u001b[31mb"), LogLevel.Information, @"NotAuthorized: a\n\u{1B}[31mb" },
        {
            new AccessDenied(5, "a\nb", "publish", "t", "c\nd"), LogLevel.Information,
            @"a\nb at an unknown address was denied to publish t: c\nd"
        },
        { new IdentityQuarantined("a\nb", 3, TimeSpan.FromSeconds(1)), LogLevel.Warning, @"a\nb is refused" },
        { new ProtocolViolated(5, "MalformedPacket", "MQTT-2.1.3-1", "bad"), LogLevel.Information, "MalformedPacket [MQTT-2.1.3-1]: bad" },
        {
            new AccessDenied(5, "alice", "publish", "a\n\u001b[31mb", null), LogLevel.Information,
            "alice at an unknown address was denied to publish a\\n\\u{1B}[31mb"
        },
        {
            new SessionClosed(5, "c-1", CloseReason.PeerClosed, TimeSpan.FromSeconds(1), true), LogLevel.Debug,
            "the session of client c-1 is closed: PeerClosed after 1 s, kept: True"
        },
        { new SessionEnded("c-1", SessionEndReason.Expired), LogLevel.Debug, "client c-1 ended: Expired" },
        { new MessagesDropped("c-1", 3), LogLevel.Warning, "messages for c-1 dropped: 3; " },
        { new MessagesDropped(null, 3), LogLevel.Warning, "messages for several clients dropped: 3; " },
        {
            new ClientIdContested("c-1", "alice", 7, TimeSpan.FromSeconds(1)), LogLevel.Warning,
            "connections of alice keep taking client identifier c-1 from each other (7 times): the next waits 1 s"
        },
        { new CapacityReached(CapacityResource.Sessions, 9), LogLevel.Error, "the limit of Sessions is reached, 9" },
        {
            new CapacityReached(CapacityResource.Sessions, 9, "mallory"), LogLevel.Warning,
            "mallory is refused: it has its share of Sessions, 9"
        },
        { new PhaseEntered(Phase.Draining), LogLevel.Information, "phase Draining" },
        { new DrainStageEntered(DrainStage.Deliver, TimeSpan.FromSeconds(20)), LogLevel.Debug, "Deliver, at most 20 s" },
        {
            new DrainStageLeft(DrainStage.Deliver, PhaseOutcome.Completed, TimeSpan.FromSeconds(1), 0, 0), LogLevel.Information,
            "Deliver took"
        },
        {
            new DrainStageLeft(DrainStage.Deliver, PhaseOutcome.Forced, TimeSpan.FromSeconds(20), 2, 9), LogLevel.Warning,
            "2 clients left, 9 messages"
        },
        {
            Changed(CheckNames.Backlog, HealthStatus.Degraded, Reasons.MessagesDropped, "3 for a\nb"), LogLevel.Warning,
            @"backlog: Ok → Degraded: MessagesDropped: 3 for a\nb"
        },
        {
            Changed(CheckNames.Phase, HealthStatus.Error, Reasons.Stopped, "stopped"), LogLevel.Debug,
            "the check phase follows: Stopped"
        },
        { new LinkStalled("b\nc", TimeSpan.FromSeconds(2.5)), LogLevel.Warning, @"node b\nc is heard and takes no messages, for 2.5 s" },
        { new LinkResumed("b"), LogLevel.Information, "node b takes messages again" },
        { new EngineLost("a\nb"), LogLevel.Warning, @"the bus is not connected: a\nb" },
        { new NameTaken("a", "0000019a5c3e7f10", true), LogLevel.Error, "the name a is taken by run 0000019a5c3e7f10" },
        { new NameTaken("a", "0000019a5c3e7f10", false), LogLevel.Warning, "another process was started as a, run 0000019a5c3e7f10" },
        { new NameFreed("a"), LogLevel.Information, "no other process has the name a any more" },
        { new FleetJoinLate(["b", "c"]), LogLevel.Warning, "late: b, c" },
        { new FleetJoinLate([]), LogLevel.Warning, "late: nothing" },
        { new PeerLost("b", "0000019a5c3e7f10", TimeSpan.FromSeconds(10)), LogLevel.Warning, "is lost: it was not heard for 10 s" },
        { new PeerSeen("b", PeerAnswer.Serves), LogLevel.Warning, "node b, asked over HTTP, serves without this one" },
        { new PeerSeen("b", PeerAnswer.CutOff), LogLevel.Information, "node b, asked over HTTP, is not connected to its bus either" },
        { new PeerDiffers("b", "access rules"), LogLevel.Warning, "node b differs from this one: access rules" },
        { new PeerDiffers("b", ""), LogLevel.Information, "node b has the same settings" },
        { new PeerClockSkewed("b", TimeSpan.FromSeconds(2)), LogLevel.Warning, "the clock of node b is ahead of this one's by 2 s" },
        { new PeerClockSkewed("b", TimeSpan.FromSeconds(-2)), LogLevel.Warning, "the clock of node b is behind this one's by 2 s" },
        { new PeerClockSkewed("b", TimeSpan.Zero), LogLevel.Information, "the clock of node b is right again" },
        { new PhaseLeft(Phase.Draining, PhaseOutcome.Forced, TimeSpan.FromSeconds(1)), LogLevel.Warning, "cut short" },
    };

    [Theory]
    [MemberData(nameof(Events))]
    public async Task EventLogger_AnEvent_IsLoggedAtItsLevel(BrokerEvent brokerEvent, LogLevel level, string text)
    {
        var hub = new EventHub(TimeProvider.System);
        using var loggers = new RecordingLoggers();
        using var attached = Attach(hub, loggers);
        hub.Publish(brokerEvent);

        await Eventually.HoldsAsync("a line in the log", () => !loggers.Lines.IsEmpty);
        var line = loggers.Lines.ShouldHaveSingleItem();
        line.Level.ShouldBe(level);
        line.Text.ShouldContain(text);
        await hub.CompleteAsync();
    }

    [Fact]
    public async Task EventLogger_BoundAsConfigured_NamesTheAddressOnce()
    {
        var hub = new EventHub(TimeProvider.System);
        using var loggers = new RecordingLoggers();
        using var attached = Attach(hub, loggers);
        hub.Publish(Happened.Bound());

        await Eventually.HoldsAsync("a line in the log", () => !loggers.Lines.IsEmpty);
        loggers.Lines.ShouldHaveSingleItem().Text.ShouldBe("127.0.0.1:8883 is bound");
        await hub.CompleteAsync();
    }

    /// <summary>That each check begins well is expected; that one is well again is not.</summary>
    [Fact]
    public async Task EventLogger_FirstVerdictOfACheck_IsNoNewsWhenItIsGood()
    {
        var hub = new EventHub(TimeProvider.System);
        using var loggers = new RecordingLoggers();
        using var attached = Attach(hub, loggers);
        hub.Publish(Verdict(HealthStatus.Unknown, HealthStatus.Ok));
        hub.Publish(Verdict(HealthStatus.Ok, HealthStatus.Unknown));
        hub.Publish(Verdict(HealthStatus.Unknown, HealthStatus.Ok));

        await Eventually.HoldsAsync("three lines in the log", () => loggers.Lines.Count == 3);
        loggers.Lines.Select(line => line.Level).ShouldBe([LogLevel.Debug, LogLevel.Warning, LogLevel.Information]);
        loggers.Lines.Select(line => line.Text).ShouldBe(["bind: Unknown → Ok", "bind: Ok → Unknown", "bind: Unknown → Ok"]);
        await hub.CompleteAsync();
    }

    [Fact]
    public async Task EventLogger_EveryEventThereIs_HasAnIdOfItsOwn()
    {
        var hub = new EventHub(TimeProvider.System);
        using var loggers = new RecordingLoggers();
        using var attached = Attach(hub, loggers);
        foreach (var type in EventJsonTests.EventTypes)
        {
            hub.Publish(EventJsonTests.ExampleOf(type));
        }

        await Eventually.HoldsAsync("a line for each event", () => loggers.Lines.Count == EventJsonTests.EventTypes.Count);
        loggers.Lines.Select(line => line.Id).ShouldBeUnique();
        loggers.Lines.ShouldAllBe(line => line.Text == line.Text.TrimEnd());
        loggers.Lines.ShouldNotContain(line => line.Id == 1002, "an event fell through to the message for unknown ones");
        await hub.CompleteAsync();
    }

    private static HealthChanged Verdict(HealthStatus from, HealthStatus to) =>
        new(CheckNames.Bind, from, to, null, null, [], TimeSpan.Zero, to, to == HealthStatus.Ok, true, 1);

    private static HealthChanged Changed(string check, HealthStatus to, string reason, string message) =>
        new(check, HealthStatus.Ok, to, reason, message, [], TimeSpan.Zero, to, false, true, 3);

    private static IDisposable Attach(EventHub hub, RecordingLoggers loggers) =>
        hub.Observe("log").Select(delivery => new TracedDelivery(delivery, null)).Subscribe(new EventLogger(loggers));
}
