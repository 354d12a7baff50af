using System.Text.Json;
using Cassini.Streams.Events;
using Cassini.Streams.Feed;
using Cassini.Streams.Health;
using Cassini.Tests.Management;
using Cassini.Tests.Support;

namespace Cassini.Tests.Feed;

/// <summary>The feed's client over a real socket, against the real management surface.</summary>
public class LiveFeedTests
{
    private const string Endpoint = "127.0.0.1:8883";

    [Fact]
    public async Task Notes_WhateverHappens_SayWhatTheBrokerSays()
    {
        await using var rig = await ManagementRig.StartAsync();
        using var feed = new HealthFeed(rig.Address);
        HealthSnapshot? seen = null;
        using var subscription = feed.Notes.Subscribe(note => Volatile.Write(ref seen, note.Snapshot), failure => throw failure);
        await Eventually.HoldsAsync("the first snapshot", () => Volatile.Read(ref seen)?.Epoch == rig.Health.Current.Epoch);

        foreach (var happened in Story())
        {
            rig.Hub.Publish(happened);
            await Eventually.HoldsAsync($"{happened}", () => Essence(Volatile.Read(ref seen)!) == Essence(rig.Health.Current));
        }
    }

    [Fact]
    public async Task WaitUntilReady_TheTransition_EndsIt()
    {
        await using var rig = await ManagementRig.StartAsync();
        using var feed = new HealthFeed(rig.Address);
        var waiting = feed.WaitUntilReadyAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        foreach (var happened in ToReady())
        {
            rig.Hub.Publish(happened);
        }

        var health = await Eventually.CompletesAsync("the wait", waiting);
        health.Ready.ShouldBeTrue();
    }

    [Fact]
    public async Task Notes_TheBrokerStops_SaysSoAndComesBackToTheNextOne()
    {
        var rig = await ManagementRig.StartAsync();
        var notes = new List<FeedNote>();
        using var feed = new HealthFeed(rig.Address);
        using var subscription = feed.Notes.Subscribe(note => { lock (notes) { notes.Add(note); } }, failure => throw failure);
        await Eventually.HoldsAsync("the snapshot", () => Any<FeedSnapshot>(notes, _ => true));

        await rig.DisposeAsync();

        await Eventually.HoldsAsync("the goodbye", () => Any<FeedLost>(notes, lost => lost.Reason == FeedLoss.Stopped));
        await using var next = await ManagementRig.StartAsync(port: rig.Address.Port);
        await Eventually.HoldsAsync("the next run", () => Any<FeedSnapshot>(notes, snapshot => snapshot.IsRestarted));
    }

    private static bool Any<T>(List<FeedNote> notes, Func<T, bool> condition)
    {
        lock (notes)
        {
            return notes.OfType<T>().Any(condition);
        }
    }

    /// <summary>What a controller decides by.</summary>
    private static string Essence(HealthSnapshot health) => JsonSerializer.Serialize(new
    {
        health.Status,
        health.Phase,
        health.Ready,
        health.Live,
        health.ActiveListeners,
        health.Backlog,
        Topics = health.Topics.Count,
        health.LastConnection,
        LastError = health.LastError?.Message,
        Broker = health.Broker.Connectivity,
        Endpoints = health.Endpoints.Select(endpoint => (endpoint.Address, endpoint.State, endpoint.Error, endpoint.WebSocket).ToString()),
        Checks = health.Checks.Select(
            check => (check.Name, check.Status, check.Status is HealthStatus.Unknown ? null : check.Reason).ToString()),
    });

    private static IEnumerable<BrokerEvent> ToReady() =>
    [
        new ListenerConfigured(Endpoint) { WebSocket = true },
        new ListenerBound(Endpoint, Endpoint),
        new CertificateLoaded(
            CertificateRole.Server, "CN=server", "00", DateTimeOffset.UnixEpoch, new DateTimeOffset(2099, 1, 1, 0, 0, 0, TimeSpan.Zero)),
        new HeartbeatReceived(TimeSpan.FromMilliseconds(1), 0, 0),
        new AcceptProbed(Endpoint, TimeSpan.FromMilliseconds(1)),
        new CanarySucceeded(TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromMilliseconds(3)),
        new PhaseEntered(Phase.Ready),
    ];

    private static IEnumerable<BrokerEvent> Story() =>
    [
        .. ToReady(),
        new ConnectionAccepted(1, Endpoint, "127.0.0.1:5000"),
        new HandshakeCompleted(1, "alice", "TLS 1.3", TimeSpan.FromMilliseconds(2)),
        new ConnectionOpened(1, "alice"),
        new LoadSampled(250_000, 1, 10, 20, 7),
        new LoadSampled(3, 1, 10, 20, 8),
        new CanaryFailed(Endpoint, CanaryStage.Connect, CanaryFailure.TimedOut, "no answer"),
        new CanarySucceeded(TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromMilliseconds(3)),
        new Crashed(new Component(ComponentKind.ListenerManager, ""), "Bug", "a bug", 1, TimeSpan.FromSeconds(1)),
        new Restarted(new Component(ComponentKind.ListenerManager, ""), 1),
        new ListenerClosed(Endpoint, ListenerCloseReason.Failed),
        new BindFailed(Endpoint, "AddressAlreadyInUse", "address already in use", 1, TimeSpan.FromSeconds(1)),
        new ListenerBound(Endpoint, Endpoint),
        new ConnectionClosed(1, CloseReason.PeerClosed, TimeSpan.FromSeconds(1), 10, 10),
        new PhaseEntered(Phase.Draining),
    ];
}
