using System.Collections.Immutable;
using Cassini.Streams.Events;
using CsCheck;

namespace Cassini.Tests.Health;

/// <summary>Logs of anything that can happen, in any order: also logs that no broker would write.</summary>
internal static class GeneratedLog
{
    private static readonly Gen<string> Endpoint = OneOf("127.0.0.1:8883", "127.0.0.1:8884", "[::1]:8883");
    private static readonly Gen<TimeSpan> Duration = Gen.Int[0, 2_000].Select(ms => TimeSpan.FromMilliseconds(ms));
    private static readonly Gen<long> Id = Gen.Long[1, 30];
    private static readonly Gen<string?> Peer = OneOf("192.0.2.1:4000", "192.0.2.1:4001", "192.0.2.2:1", "[2001:db8::1]:1", "peer", null);
    private static readonly Gen<string> Node = OneOf("b", "c", "d");
    private static readonly Gen<Component> Component =
        Gen.Select(Gen.Enum<ComponentKind>(), OneOf("", "a", "b"), (kind, name) => new Component(kind, name));

    public static readonly Gen<BrokerEvent> Event = Gen.Frequency(
        (4, Endpoint.Select(e => (BrokerEvent)new ListenerBound(e, e))),
        (2, Endpoint.Select(e => (BrokerEvent)new BindFailed(e, "AddressAlreadyInUse", "in use", 1, TimeSpan.FromSeconds(1)))),
        (1, Endpoint.Select(e => (BrokerEvent)new ListenerConfigured(e))),
        (1, Endpoint.Select(e => (BrokerEvent)new ListenerClosed(e, ListenerCloseReason.Failed))),
        (1, Endpoint.Select(e => (BrokerEvent)new AcceptFailed(e, "TooManyOpenSockets", 3, TimeSpan.FromSeconds(1)))),
        (8, Gen.Select(Id, Endpoint, (id, e) => (BrokerEvent)new ConnectionAccepted(id, e, "peer"))),
        (6, Id.Select(id => (BrokerEvent)new HandshakeCompleted(id, "alice", "TLS 1.3", TimeSpan.Zero))),
        (5, Gen.Select(Id, Gen.Enum<HandshakeFailure>(), Peer, (id, why, peer) =>
            (BrokerEvent)new HandshakeFailed(id, why, null, TimeSpan.Zero, peer))),
        (4, Id.Select(id => (BrokerEvent)new ConnectionOpened(id, "alice"))),
        (3, Gen.Select(Id, Gen.Enum<CloseReason>(), (id, why) => (BrokerEvent)new SessionClosed(id, "a", why, TimeSpan.Zero, false))),
        (4, Gen.Select(Id, Gen.Enum<CloseReason>(), (id, why) => (BrokerEvent)new ConnectionClosed(id, why, TimeSpan.Zero, 0, 0))),
        (2, Gen.Select(Component, Gen.Bool, (component, again) =>
            (BrokerEvent)new Crashed(component, "IOException", "boom", 1, again ? TimeSpan.FromSeconds(1) : null))),
        (2, Component.Select(component => (BrokerEvent)new Restarted(component, 1))),
        (1, Component.Select(component => (BrokerEvent)new GaveUp(component, 5, TimeSpan.FromSeconds(60)))),
        (10, Gen.Select(Duration, Gen.Int[0, 5], Gen.Long[0, 500], (rtt, live, at) => (BrokerEvent)new HeartbeatReceived(rtt, live, at))),
        (10, Gen.Select(Endpoint, Duration, (e, rtt) => (BrokerEvent)new AcceptProbed(e, rtt))),
        (4, Duration.Select(total => (BrokerEvent)new CanarySucceeded(total, total, total, total, total, total))),
        (2, Gen.Enum<CanaryFailure>().Select(why => (BrokerEvent)new CanaryFailed(null, CanaryStage.Connect, why, "no"))),
        (1, Gen.Const((BrokerEvent)new CanaryDisabled("no certificate"))),
        (2, Gen.Select(
            Gen.Enum<CertificateRole>(), OneOf("CN=x", "CN=y"), Gen.Int[-10, 1_000], Gen.Int[-10, 10_000], Gen.Int[-1, 2],
            (role, subject, begins, ends, following) => (BrokerEvent)new CertificateLoaded(
                role, subject, "00", Fold.Start + TimeSpan.FromSeconds(begins), Fold.Start + TimeSpan.FromSeconds(ends))
            {
                Following = following < 0 ? null : following,
            })),
        (1, Gen.Const((BrokerEvent)new CertificateReloadFailed(CertificateRole.Server, "server.pem", "bad"))),
        (1, Gen.String.Select(name => (BrokerEvent)new TopicCreated(name))),
        (1, Gen.String.Select(name => (BrokerEvent)new TopicRemoved(name))),
        (1, Gen.Long[0, 3_000_000].Select(queued => (BrokerEvent)new LoadSampled(queued, 1, 2, 3))),
        (1, Gen.Select(
            Gen.Long[0, 200_000], Gen.Int[0, 5], (queued, topics) => (BrokerEvent)new LoadSampled(queued, 1, 2, 3, topics, queued))),
        (2, Gen.Select(Gen.Long[0, 12], Gen.Long[0, 12], Gen.Long[0, 12], (connections, sessions, memory) =>
            (BrokerEvent)new LoadSampled(0, 1, 2, 3)
            {
                Capacity = new Capacity(
                    new ResourceUse(connections, 10, "alice", connections), new ResourceUse(sessions, 10), new ResourceUse(memory, 10))
                {
                    Retained = new ResourceUse(sessions, 10),
                    SharedSubscriptions = new ResourceUse(memory, 10),
                    Topics = new ResourceUse(connections, 10, "alice", connections),
                    Descriptors = memory > 5 ? new ResourceUse(connections, 10, "alice", connections) : null,
                },
            })),
        (1, Gen.Select(Gen.Long[0, 3_000_000], OneOf("alice", null), (queued, holder) =>
            (BrokerEvent)new LoadSampled(queued, 1, 2, 3) { BacklogHolder = holder, BacklogHeld = holder is null ? 0 : queued / 2 })),
        (1, Gen.Long[0, 100].Select(read => (BrokerEvent)new StoreRecovering(read, 100, 1, read))),
        (1, Duration.Select(took => (BrokerEvent)new StoreOpened("flush", 100, 1, 2, took))),
        (1, Gen.Enum<StoreProblem>().Select(problem => (BrokerEvent)new StoreFailed(problem, "bad"))),
        (1, Duration.Select(after => (BrokerEvent)new StoreResumed(after))),
        (2, Gen.Select(Duration, Duration, OneOf("little room", null), (lag, slowest, warning) => (BrokerEvent)new LoadSampled(0, 1, 2, 3)
        {
            Store = new StoreLoad(100, 50, lag * 5, slowest) { Warning = warning },
        })),
        (1, Gen.Select(Gen.Enum<CapacityResource>(), OneOf("alice", null), (resource, identity) =>
            (BrokerEvent)new CapacityReached(resource, 10, identity))),
        (2, Gen.Select(OneOf("", "a", null), Gen.Long[1, 9], (client, count) => (BrokerEvent)new MessagesDropped(client, count))),
        (1, Id.Select(id => (BrokerEvent)new SessionOpened(id, "a", "alice", "MQTT 5.0", false))),
        (1, Id.Select(id => (BrokerEvent)new ClientRefused(id, "NotAuthorized", "no"))),
        (1, Id.Select(id => (BrokerEvent)new ClientIdContested("a", "alice", (int)id, TimeSpan.FromSeconds(1)))),
        (1, Id.Select(id => (BrokerEvent)new ProtocolViolated(id, "MalformedPacket", "§1", "bad"))),
        (1, Id.Select(id => (BrokerEvent)new AccessDenied(id, "alice", "publish", "t", null))),
        (1, Gen.Const((BrokerEvent)new AccessRulesChanged(2, 1, 3))),
        (1, Gen.Const((BrokerEvent)new RemedyApplied(RemedyAction.EndSession, "a", "ops", 1, 1))),
        (1, Gen.Const((BrokerEvent)new SessionEnded("a", SessionEndReason.Expired))),
        (1, OneOf("a", "b", null).Select(key =>
            (BrokerEvent)new ConfigurationLoaded(["c"], key is null ? [] : [key]))),
        (1, Gen.Int[0, 2].Select(more => (BrokerEvent)new ConfigurationReloadFailed("bad", more))),
        (1, Gen.Const((BrokerEvent)new LogLevelChanged("debug", null, TimeSpan.FromMinutes(1), "ops"))),
        (1, Gen.Select(Duration, Gen.Bool, (grace, alone) => (BrokerEvent)new FleetEntered("a", "main", grace, alone))),
        (1, Gen.Select(Gen.Int[0, 3], Duration, (peers, took) => (BrokerEvent)new FleetJoined(peers, took))),
        (1, Node.Select(node => (BrokerEvent)new FleetJoinLate(node == "b" ? [] : [node, "d"]))),
        (1, Gen.Bool.Select(gives => (BrokerEvent)new NameTaken("a", "0000019a5c3e7f10", gives))),
        (2, Gen.Const((BrokerEvent)new NameFreed("a"))),
        (1, Gen.Const((BrokerEvent)new EngineConnected("nats://127.0.0.1:4222"))),
        (1, OneOf("refused", "timed out").Select(problem => (BrokerEvent)new EngineLost(problem))),
        (1, Node.Select(node => (BrokerEvent)new PeerJoined(node, "0000019a5c3e7f10"))),
        (1, Gen.Select(Node, Duration, (node, silence) => (BrokerEvent)new PeerSuspected(node, silence))),
        (1, Gen.Select(Node, Duration, (node, silence) => (BrokerEvent)new PeerBack(node, silence))),
        (1, Gen.Select(Node, Duration, (node, silence) => (BrokerEvent)new PeerLost(node, "0000019a5c3e7f10", silence))),
        (1, Node.Select(node => (BrokerEvent)new PeerLeft(node))),
        (1, Node.Select(node => (BrokerEvent)new PeerForgotten(node))),
        (3, Gen.Select(Node, Gen.Enum<PeerAnswer>(), (node, answer) => (BrokerEvent)new PeerSeen(node, answer))),
        (1, Gen.Select(Node, Duration, (node, took) => (BrokerEvent)new SessionArrived("a", node, 3, took))),
        (1, Node.Select(node => (BrokerEvent)new SessionNotArrived("a", node, "no answer"))),
        (1, Gen.Select(Node, Duration, (node, waited) => (BrokerEvent)new InterestLagging(node, waited))),
        (1, Node.Select(node => (BrokerEvent)new InterestConfirmed(node))),
        (1, Gen.Select(Node, OneOf("", "access rules"), (node, what) => (BrokerEvent)new PeerDiffers(node, what))),
        (1, Gen.Select(Node, Gen.Int[-3, 3], (node, skew) => (BrokerEvent)new PeerClockSkewed(node, TimeSpan.FromSeconds(skew)))),
        (1, Gen.Select(Node, Duration, (node, waited) => (BrokerEvent)new LinkStalled(node, waited))),
        (1, Node.Select(node => (BrokerEvent)new LinkResumed(node))),
        (1, Gen.Select(Node, Gen.Long[1, 5_000], (node, dropped) => (BrokerEvent)new LinkDropping(node, dropped))),
        (1, Node.Select(node => (BrokerEvent)new LinkRecovered(node))),
        (1, Gen.Select(Node, Gen.Long[1, 5_000], (node, missing) => (BrokerEvent)new RetainedIncomplete(node, missing))),
        (1, Node.Select(node => (BrokerEvent)new RetainedComplete(node))),
        (1, Gen.Select(Node, Gen.Long[0, 2], (node, dropped) => (BrokerEvent)new MessagesNotKept(node, dropped))),
        (1, Node.Select(node => (BrokerEvent)new MessagesKept(node))),
        (1, Gen.Enum<Phase>().Select(phase => (BrokerEvent)new PhaseEntered(phase))),
        (1, Gen.Const((BrokerEvent)new HealthChanged(
            "bind", HealthStatus.Ok, HealthStatus.Error, "BindFailed", "m",
            ImmutableArray<EventId>.Empty, TimeSpan.Zero, HealthStatus.Error, false, true, 3))));

    /// <summary>Gaps in milliseconds: mostly short, sometimes exactly a window, sometimes an hour.</summary>
    private static readonly Gen<TimeSpan> Gap = Gen.Frequency(
        (10, Gen.Int[0, 1_500]), (2, OneOf(0, 1_000, 5_000, 15_000, 30_000, 60_000)), (1, Gen.Int[0, 3_600_000]))
        .Select(ms => TimeSpan.FromMilliseconds(ms));

    public static readonly Gen<ImmutableArray<EventEnvelope>> Log = Gen.Select(Gap, Event).Array[0, 120].Select(steps =>
    {
        var elapsed = TimeSpan.Zero;
        var epoch = Epoch.StartingAt(Fold.Start);
        return steps.Select((step, index) =>
        {
            elapsed += step.Item1;
            return new EventEnvelope(epoch, index + 1, Fold.Start + elapsed, elapsed, step.Item2);
        }).ToImmutableArray();
    });

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(index => values[index]);
}
