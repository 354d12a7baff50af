using System.Net.Sockets;
using Cassini.Streams.Events;
using Cassini.Streams.Listening;
using Cassini.Streams.Listening.Connections;
using Cassini.Streams.Quotas;
using Cassini.Tests.Supervision;
using Cassini.Tests.Support;

namespace Cassini.Tests.Listening;

public class ManagerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Crash_ConnectionsAreOpen_TheyGoOnAndANewClientIsServedAfterwards()
    {
        await using var rig = await ListeningRig.StartAsync(
            restart: new() { InitialDelay = TimeSpan.FromMilliseconds(300), MaxDelay = TimeSpan.FromMilliseconds(300) });
        var (live, _) = await rig.OpenAndWaitAsync("live");

        rig.Rehearsals.CrashManager().ShouldBeTrue();
        (await rig.Events.WaitForAsync<Crashed>("the crash")).Component.ShouldBe(new Component(ComponentKind.ListenerManager, ""));
        var ping = rig.Manager.PingAsync(Token);
        await using var during = await rig.OpenAsync("during");
        await live.WriteAsync(new byte[7], Token);

        (await ping.Within("the ping across the crash")).LiveConnections.ShouldBeInRange(1, 2);
        await rig.Events.WaitForAsync<ConnectionOpened>(
            "the connection of the client that came during the crash", s => s.Identity == "during");
        rig.Manager.OpenConnections.ShouldBe(2);
        var events = rig.Events.Events.ToList();
        events.FindIndex(e => e is Restarted).ShouldBeLessThan(events.FindIndex(e => e is ConnectionAccepted { ConnectionId: 2 }));
        await live.DisposeAsync();
        (await rig.Events.WaitForAsync<ConnectionClosed>("the end of the open connection", s => s.ConnectionId == 1)).BytesReceived
            .ShouldBe(7);
    }

    [Fact]
    public async Task Ping_ConnectionsLive_CountsThemAtASequence()
    {
        await using var rig = await ListeningRig.StartAsync();
        using var silent = await rig.ConnectAsync();
        var (client, _) = await rig.OpenAndWaitAsync();

        var report = await rig.Manager.PingAsync(Token).Within("the ping");

        report.LiveConnections.ShouldBe(2);
        report.CountedAt.ShouldBe(rig.Events.LastSequence);
        await client.DisposeAsync();
        await rig.Events.WaitForAsync<ConnectionClosed>("the end");
        (await rig.Manager.PingAsync(Token).Within("the second ping")).LiveConnections.ShouldBe(1);
    }

    [Fact]
    public async Task Stop_EveryKindOfConnection_TellsEachTerminalEventInStages()
    {
        await using var rig = await ListeningRig.StartAsync();
        using var silent = await rig.ConnectAsync();
        using var half = await rig.ConnectAsync();
        await half.SendAsync(new byte[] { 0x16, 0x03 }, Token);
        var (client, opened) = await rig.OpenAndWaitAsync();
        await rig.Events.WaitForCountAsync<ConnectionAccepted>(3, "the accepts");

        await rig.Manager.StopAsync(Token).Within("the stop");

        var events = rig.Events.Events.ToList();
        events.OfType<ListenerClosed>().ShouldBe([new ListenerClosed("127.0.0.1:0", ListenerCloseReason.Shutdown)]);
        events.OfType<HandshakeFailed>().Select(e => e.Reason).ShouldBe([HandshakeFailure.Shutdown, HandshakeFailure.Shutdown]);
        events.OfType<ConnectionClosed>().Single().Reason.ShouldBe(CloseReason.Shutdown);
        events.OfType<ConnectionClosed>().Single().ConnectionId.ShouldBe(opened.ConnectionId);
        events.FindIndex(e => e is ListenerClosed).ShouldBeLessThan(events.FindIndex(e => e is HandshakeFailed or ConnectionClosed));
        (await client.ReadAsync(new byte[1], Token).AsTask().Within("the end at the client")).ShouldBe(0);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Stop_HandlerHangsAndTimeIsUp_IsForcedAndStillWhole()
    {
        var never = new TaskCompletionSource();
        await using var rig = await ListeningRig.StartAsync(
            o => o with { CloseTimeout = TimeSpan.FromMinutes(10) },
            new HangingHandler(never.Task));
        var (client, _) = await rig.OpenAndWaitAsync();
        using var impatience = new CancellationTokenSource();

        var stop = rig.Manager.StopAsync(impatience.Token);
        await rig.Events.WaitForAsync<ListenerClosed>("the first stage");
        stop.IsCompleted.ShouldBeFalse();
        await impatience.CancelAsync();
        await stop.Within("the forced stop");

        rig.Events.Of<ConnectionClosed>().Single().Reason.ShouldBe(CloseReason.Shutdown);
        never.SetResult();
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Stop_ManagerIsDown_LosesNoTerminalEvent()
    {
        await using var rig = await ListeningRig.StartAsync(
            restart: new() { InitialDelay = TimeSpan.FromMinutes(5), MaxDelay = TimeSpan.FromMinutes(5) });
        var (client, _) = await rig.OpenAndWaitAsync();
        rig.Rehearsals.CrashManager();
        await rig.Events.WaitForAsync<Crashed>("the crash");
        using var waiting = await rig.ConnectAsync();
        var ping = rig.Manager.PingAsync(Token);

        await rig.Manager.StopAsync(Token).Within("the stop");

        await Should.ThrowAsync<OperationCanceledException>(ping.Within("the ping's end"));
        rig.Events.Of<ConnectionClosed>().Count.ShouldBe(1);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task ConnectionLimit_Reached_RefusesAndAcceptsAgainWhenThereIsRoom()
    {
        await using var rig = await ListeningRig.StartAsync(o => o with { MaxConnections = 1 });
        var (first, _) = await rig.OpenAndWaitAsync("first");
        await using var second = await rig.OpenAsync("second");

        (await rig.Events.WaitForAsync<HandshakeFailed>("the refusal")).Reason.ShouldBe(HandshakeFailure.ConnectionLimit);
        await first.DisposeAsync();
        await rig.Events.WaitForAsync<ConnectionClosed>("the first one's end");
        var (third, _) = await rig.OpenAndWaitAsync("third");
        await third.DisposeAsync();
    }

    [Fact]
    public async Task ConnectionQuota_OneIdentityHasItsShare_IsRefusedAndOthersAreNot()
    {
        await using var rig = await ListeningRig.StartAsync(o => o with { MaxConnections = 8 }, quota: new QuotaOptions());
        var (one, _) = await rig.OpenAndWaitAsync("mallory");
        var (two, _) = await rig.OpenAndWaitAsync("mallory");
        await using var third = await rig.OpenAsync("mallory");

        var refused = await rig.Events.WaitForAsync<HandshakeFailed>("the refusal");

        refused.Reason.ShouldBe(HandshakeFailure.ConnectionQuota);
        refused.Detail.ShouldBe("this identity has 2 open connections, the most that one may have now (Quota:Connections)");
        rig.Events.Of<CapacityReached>().ShouldBe([new CapacityReached(CapacityResource.Connections, 2, "mallory")]);
        var (other, _) = await rig.OpenAndWaitAsync("alice");
        await one.DisposeAsync();
        await rig.Events.WaitForAsync<ConnectionClosed>("the first one's end");
        var (fourth, _) = await rig.OpenAndWaitAsync("mallory");
        foreach (var client in new[] { two, other, fourth })
        {
            await client.DisposeAsync();
        }

        await rig.Events.WaitForCountAsync<ConnectionClosed>(4, "all have ended");
        await Eventually.HoldsAsync("nothing is held any more", () => !rig.Accounts.All.Any());
    }

    [Fact]
    public async Task ConnectionLimit_ReachedAgainAndAgain_IsPublishedAtMostOnceASecond()
    {
        var time = new ManualTimeProvider();
        await using var rig = await ListeningRig.StartAsync(o => o with { MaxConnections = 2 }, time: time);
        var (one, _) = await rig.OpenAndWaitAsync("mallory");
        var (other, _) = await rig.OpenAndWaitAsync("mallory");
        for (var refused = 1; refused <= 4; refused++)
        {
            await using var third = await rig.OpenAsync($"client-{refused}");
            await rig.Events.WaitForCountAsync<HandshakeFailed>(refused, $"refusal {refused}");
            if (refused == 3)
            {
                time.Advance(TimeSpan.FromSeconds(1));
            }
        }

        rig.Events.Of<CapacityReached>().Count.ShouldBe(2);
        rig.Events.Of<CapacityReached>().ShouldAllBe(
            reached => reached == new CapacityReached(CapacityResource.Connections, 2) { Holder = "mallory", Held = 2 });
        await one.DisposeAsync();
        await other.DisposeAsync();
    }

    [Fact]
    public async Task PendingLimit_Reached_EvictsFromTheFullestAddress()
    {
        await using var rig = await ListeningRig.StartAsync(o => o with { MaxPending = 1 });
        using var silent = await rig.ConnectAsync();
        await rig.Events.WaitForAsync<ConnectionAccepted>("the accept");
        using var second = await rig.ConnectAsync();

        (await rig.Events.WaitForAsync<HandshakeFailed>("the eviction")).ShouldSatisfyAllConditions(
            e => e.Reason.ShouldBe(HandshakeFailure.HandshakeLimit),
            e => e.ConnectionId.ShouldBe(1));
    }

    [Fact]
    public async Task PendingLimitOfAnAddress_Reached_EvictsTheOldestSilentOne()
    {
        await using var rig = await ListeningRig.StartAsync(o => o with { MaxPendingPerAddress = 1 });
        using var silent = await rig.ConnectAsync();
        await rig.Events.WaitForAsync<ConnectionAccepted>("the accept");
        var (client, _) = await rig.OpenAndWaitAsync();

        (await rig.Events.WaitForAsync<HandshakeFailed>("the eviction")).ShouldSatisfyAllConditions(
            e => e.Reason.ShouldBe(HandshakeFailure.HandshakeLimit),
            e => e.ConnectionId.ShouldBe(1));
        await client.DisposeAsync();
    }

    [Fact]
    public async Task HandshakeWait_TooLong_IsRefusedWithHandshakeLimit()
    {
        await using var rig = await ListeningRig.StartAsync(o => o with
        {
            MaxHandshakes = 1,
            HandshakeTimeout = TimeSpan.FromMilliseconds(400),
            StallGrace = TimeSpan.FromMinutes(1),
        });
        var sockets = new List<Socket>();
        var hello = await RecordedHello.RecordAsync();
        for (var i = 0; i < 6; i++)
        {
            // Each holds the one slot for the whole time-out, so that the last ones wait for more than three of them.
            var socket = await rig.ConnectAsync();
            await socket.SendAsync(hello, Token);
            sockets.Add(socket);
        }

        var failed = await rig.Events.WaitForCountAsync<HandshakeFailed>(6, "the ends");

        failed.Select(f => f.Reason).ShouldContain(HandshakeFailure.HandshakeLimit);
        sockets.ForEach(socket => socket.Dispose());
    }

    [Fact]
    public async Task HalfHellos_TwoThousandFromTheSameAddress_KeepNoHonestClientOut()
    {
        await using var rig = await ListeningRig.StartAsync(
            o => ListeningRig.Patient(o) with { StallGrace = TimeSpan.FromMilliseconds(500) });
        var attackers = new List<Socket>();
        for (var i = 0; i < 2000; i++)
        {
            var socket = await rig.ConnectAsync();
            await socket.SendAsync(new byte[] { 0x16, 0x03, 0x01 }, Token);
            attackers.Add(socket);
        }

        await rig.Events.WaitForCountAsync<ConnectionAccepted>(2000, "the attackers' accepts");
        rig.Gate.InFlight.ShouldBe(0, "half a hello takes no slot");
        var (client, _) = await rig.OpenAndWaitAsync("honest");

        rig.Events.Of<HandshakeFailed>().ShouldBeEmpty();
        await client.DisposeAsync();
        attackers.ForEach(socket => socket.Dispose());
    }

    [Fact]
    public async Task Burst_ManyHonestClientsAtOnce_AreAllServedAndTheCountsBalance()
    {
        const int Clients = 300;
        await using var rig = await ListeningRig.StartAsync(ListeningRig.Patient);

        var clients = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Run(() => rig.OpenAsync())));
        await rig.Events.WaitForCountAsync<BrokerEvent>(Clients, "all verdicts", e => e is ConnectionOpened or HandshakeFailed);

        rig.Events.Of<HandshakeFailed>().ShouldBeEmpty();
        rig.Manager.OpenConnections.ShouldBe(Clients);
        (await rig.Manager.PingAsync(Token).Within("the ping")).LiveConnections.ShouldBe(Clients);
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }

        await rig.Events.WaitForCountAsync<ConnectionClosed>(Clients, "all ends");
        rig.Manager.OpenConnections.ShouldBe(0);
    }

    [Fact]
    public async Task Chaos_CrashesAmongClients_TheCountsStillBalance()
    {
        await using var rig = await ListeningRig.StartAsync(
            o => o with { QuarantineAfter = 0 },
            restart: new()
            {
                InitialDelay = TimeSpan.FromMilliseconds(1),
                MaxDelay = TimeSpan.FromMilliseconds(1),
                MaxCrashes = int.MaxValue,
            });
        var random = new Random(4711);
        var clients = Enumerable.Range(0, 40).Select(i => Task.Run(async () =>
        {
            for (var round = 0; round < 5; round++)
            {
                try
                {
                    await using var client = await rig.OpenAsync($"client {i % 4}");
                    await client.WriteAsync(new byte[100], Token);
                }
                catch (IOException)
                {
                    // its connection was crashed while it wrote
                }
            }
        })).ToList();
        while (clients.Exists(client => !client.IsCompleted))
        {
            switch (random.Next(4))
            {
                case 0:
                    rig.Rehearsals.CrashManager();
                    break;
                case 1:
                    rig.Rehearsals.CrashAcceptLoop(null);
                    break;
                default:
                    rig.Rehearsals.CrashConnection(null);
                    break;
            }

            await rig.Manager.PingAsync(Token).Within("the ping between two faults");
        }

        await Task.WhenAll(clients).Within("the clients");
        await rig.Manager.StopAsync(Token).Within("the stop");
        EventBalance.Of(rig.Events.Events).ShouldBeWhole();
        rig.Events.Of<Crashed>().ShouldAllBe(crash => crash.Exception == nameof(RehearsalException));
        rig.Events.Of<ConnectionOpened>().Count.ShouldBeGreaterThan(100);
    }

    private sealed class HangingHandler(Task until) : IConnectionHandler
    {
        public Task HandleAsync(Connection connection, CancellationToken cancellationToken) => until;
    }
}
