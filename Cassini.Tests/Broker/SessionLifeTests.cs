using Cassini.Streams.Events;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>The four words of a session's life, as events: opened, closed, kept, ended.</summary>
public class SessionLifeTests
{
    private const uint Hour = 3600;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The ways in which the client of a session can be gone; its crash needs a supervisor: see SessionEventsTests.</summary>
    public static TheoryData<string, CloseReason> Ways => new()
    {
        { nameof(RigConnection.DisconnectAsync), CloseReason.Completed },
        { nameof(RigConnection.CloseAsync), CloseReason.PeerClosed },
        { nameof(RigConnection.LoseAsync), CloseReason.ConnectionLost },
        { "keep alive", CloseReason.KeepAliveTimeout },
        { "second CONNECT", CloseReason.ProtocolError },
        { "operator", CloseReason.Disconnected },
        { "quarantine", CloseReason.Quarantined },
        { "drain", CloseReason.Shutdown },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Closed_SessionThatEndsWithItsConnection_EndsAfterIt(string way, CloseReason reason)
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", change: connect => connect with { KeepAlive = 10 });

        await GoAsync(rig, connection, way);

        rig.Events.Events.Where(e => e is SessionOpened or SessionClosed or SessionEnded).ShouldBe(
        [
            new SessionOpened(1, "a", "alice", "MQTT 5.0", SessionPresent: false),
            new SessionClosed(1, "a", reason, TimeSpan.FromSeconds(way == "keep alive" ? 16 : 1), Kept: false),
            new SessionEnded("a", SessionEndReason.EndedWithConnection),
        ]);
        rig.Broker.Statistics.SessionsEndedWithConnection.ShouldBe(1);
        rig.Broker.Statistics.OpenSessions.ShouldBe(0);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Closed_SessionThatLasts_IsKept(string way, CloseReason reason)
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", change: connect => Lasting(connect) with { KeepAlive = 10 });

        await GoAsync(rig, connection, way);

        var closed = rig.Events.Of<SessionClosed>().ShouldHaveSingleItem();
        closed.Reason.ShouldBe(reason);
        closed.Kept.ShouldBeTrue();
        rig.Events.Of<SessionEnded>().ShouldBeEmpty();
        rig.Broker.Sessions.Count.ShouldBe(1);
        (await rig.OpenAsync("a", change: Lasting)).Answer!.SessionPresent.ShouldBeTrue();
        rig.Events.Of<SessionOpened>()[^1].SessionPresent.ShouldBeTrue();
    }

    [Fact]
    public async Task Disconnect_WithExpiryZero_EndsASessionThatLasted()
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", change: Lasting);

        await connection.DisconnectAsync(properties: new PropertySet { SessionExpiryInterval = 0 });

        rig.Events.Of<SessionClosed>().ShouldHaveSingleItem().Kept.ShouldBeFalse();
        rig.Events.Of<SessionEnded>().ShouldBe([new SessionEnded("a", SessionEndReason.EndedWithConnection)]);
    }

    [Fact]
    public async Task Kept_ExpiryIsOver_Ends()
    {
        await using var rig = new BrokerRig();
        await (await rig.OpenAsync("a", change: Lasting)).LoseAsync();

        rig.Advance(Hour);

        rig.Events.Of<SessionEnded>().ShouldBe([new SessionEnded("a", SessionEndReason.Expired)]);
        rig.Broker.Statistics.SessionsExpired.ShouldBe(1);
        SessionBalance.Of(rig.Events.Events).ShouldBeWhole();
    }

    [Fact]
    public async Task Kept_ManyExpireAtOnce_AllAreCountedAndNotAllArePublished()
    {
        const int Many = 150;
        await using var rig = new BrokerRig();
        for (var i = 0; i < Many; i++)
        {
            await (await rig.OpenAsync($"c{i}", change: Lasting)).LoseAsync();
        }

        rig.Advance(Hour);

        rig.Broker.Statistics.SessionsExpired.ShouldBe(Many);
        rig.Events.Of<SessionEnded>().Count.ShouldBe(100);
        rig.Events.Of<SessionClosed>().Count.ShouldBe(Many);
    }

    [Fact]
    public async Task Kept_CleanStart_EndsBeforeTheNewOneOpens()
    {
        await using var rig = new BrokerRig();
        await (await rig.OpenAsync("a", change: Lasting)).LoseAsync();

        await rig.OpenAsync("a", change: connect => Lasting(connect) with { CleanStart = true });

        rig.Events.Events.Where(e => e is SessionOpened or SessionClosed or SessionEnded).Skip(2).ShouldBe(
        [
            new SessionEnded("a", SessionEndReason.CleanStart),
            new SessionOpened(2, "a", "alice", "MQTT 5.0", SessionPresent: false),
        ]);
        rig.Broker.Statistics.SessionsDiscarded.ShouldBe(1);
    }

    [Theory]
    [InlineData(true, false, null)]
    [InlineData(true, true, SessionEndReason.CleanStart)]
    [InlineData(false, false, SessionEndReason.EndedWithConnection)]
    [InlineData(false, true, SessionEndReason.EndedWithConnection)]
    public async Task TakenOver_IsClosedBeforeTheNewOneOpens(bool lasts, bool cleanStart, SessionEndReason? ended)
    {
        await using var rig = new BrokerRig();
        var old = await rig.OpenAsync("a", change: connect => lasts ? Lasting(connect) : connect);
        rig.Advance(1);

        await rig.OpenAsync("a", change: connect => Lasting(connect) with { CleanStart = cleanStart });
        await Eventually.CompletesAsync("the old connection ends", old.Served);

        var kept = ended is null;
        rig.Events.Events.Where(e => e is SessionOpened or SessionClosed or SessionEnded).Skip(1).ShouldBe(new BrokerEvent?[]
        {
            new SessionClosed(1, "a", CloseReason.TakenOver, TimeSpan.FromSeconds(1), kept),
            ended is { } reason ? new SessionEnded("a", reason) : null,
            new SessionOpened(2, "a", "alice", "MQTT 5.0", SessionPresent: kept),
        }.OfType<BrokerEvent>());
        Ended(rig).ShouldBe(kept ? 0 : 1);
    }

    [Fact]
    public async Task TakenOver_AgainAndAgainAtOnce_IsInOrderAndBalances()
    {
        await using var rig = new BrokerRig(options => options with { MaxTakeOverDelay = TimeSpan.Zero });
        var connections = Enumerable.Range(0, 64).Select(_ => rig.Open()).ToList();
        await Task.WhenAll(connections.Select((connection, i) => Task.Run(
            async () =>
            {
                await connection.Client.ConnectAsync(connection.Client.Connect("a") with
                {
                    CleanStart = i % 3 == 0,
                    Properties = new PropertySet { SessionExpiryInterval = i % 2 == 0 ? Hour : 0 },
                });
                if (i % 4 == 0)
                {
                    await LeaveAsync(connection);
                }
            },
            Token)));
        await Eventually.HoldsAsync(
            "all but one lose it", () => connections.Count(connection => connection.Served.IsCompleted) >= connections.Count - 1);
        foreach (var connection in connections.Where(connection => !connection.Served.IsCompleted))
        {
            await LeaveAsync(connection);
        }

        var balance = SessionBalance.Of(rig.Events.Events);
        balance.ShouldBeWhole();
        balance.Opened.ShouldBe(connections.Count);

        static async Task LeaveAsync(RigConnection connection)
        {
            try
            {
                await connection.DisconnectAsync();
            }
            catch (IOException)
            {
                // Another connection took the session over first.
            }
        }
    }

    [Fact]
    public async Task Refused_OpensNoSession()
    {
        await using var rig = new BrokerRig(options => options with { MaxSessions = 1 });
        await rig.OpenAsync("a");
        var refused = rig.Open();

        await refused.Client.ExpectRefusalAsync(refused.Client.Connect("b"));
        await Eventually.CompletesAsync("the refused connection ends", refused.Served);

        rig.Events.Of<SessionOpened>().ShouldHaveSingleItem().ClientId.ShouldBe("a");
        rig.Events.Of<SessionClosed>().ShouldBeEmpty();
    }

    [Fact]
    public async Task Abandoned_HandlerLeftBehind_ClosesTheSessionOnce()
    {
        await using var rig = new BrokerRig();
        var connection = await rig.OpenAsync("a", change: Lasting);
        connection.Transport.Settle(CloseReason.Shutdown);

        await connection.Transport.Abandoned.ShouldNotBeNull().Invoke();
        rig.Events.Of<SessionClosed>().ShouldHaveSingleItem().Reason.ShouldBe(CloseReason.Shutdown);
        await connection.CloseAsync();

        rig.Events.Of<SessionClosed>().ShouldHaveSingleItem();
        rig.Broker.Statistics.OpenSessions.ShouldBe(0);
    }

    // The reader publishes what became of the client's sessions, and that may take as long as another thread does.
    [Fact]
    public async Task Abandoned_PublishingIsStuck_LeavesTheSession()
    {
        await using var rig = new BrokerRig();
        using var release = new ManualResetEventSlim();
        rig.Events.Published = happened => release.Wait(happened is SessionOpened ? Eventually.Deadline : TimeSpan.Zero);
        var connection = rig.Open();
        await connection.Client.SendAsync(ConnectWriter.Write(connection.Client.Connect("a")));
        await Eventually.HoldsAsync("publishing is stuck", () => rig.Events.Of<SessionOpened>().Count == 1);

        var leaving = connection.Transport.Abandoned.ShouldNotBeNull().Invoke();
        rig.Broker.Statistics.OpenSessions.ShouldBe(0);
        release.Set();

        await Eventually.CompletesAsync("the session is left", leaving);
        rig.Events.Of<SessionClosed>().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Canary_OpensAndClosesForItselfAlone()
    {
        await using var rig = new BrokerRig();
        var canary = rig.Open(isProbe: true);
        await canary.Client.ConnectAsync(canary.Client.Connect("$canary"));
        await canary.DisconnectAsync();

        rig.Events.Events.ShouldBeEmpty();
        rig.ProbeEvents.Events.Select(e => e.GetType()).ShouldBe([typeof(SessionOpened), typeof(SessionClosed), typeof(SessionEnded)]);
        Ended(rig).ShouldBe(0);
    }

    private static long Ended(BrokerRig rig)
    {
        var statistics = rig.Broker.Statistics;
        return statistics.SessionsEndedWithConnection + statistics.SessionsExpired + statistics.SessionsDiscarded;
    }

    private static ConnectPacket Lasting(ConnectPacket connect) =>
        connect with { CleanStart = false, Properties = new PropertySet { SessionExpiryInterval = Hour } };

    private static async Task GoAsync(BrokerRig rig, RigConnection connection, string way)
    {
        rig.Advance(1);
        switch (way)
        {
            case nameof(RigConnection.DisconnectAsync):
                await connection.DisconnectAsync();
                break;
            case nameof(RigConnection.CloseAsync):
                await connection.CloseAsync();
                break;
            case nameof(RigConnection.LoseAsync):
                await connection.LoseAsync();
                break;
            case "keep alive":
                rig.Advance(15);
                break;
            case "second CONNECT":
                await connection.Client.SendAsync(ConnectWriter.Write(connection.Client.Connect("a")));
                break;
            case "operator":
                connection.Transport.Close(CloseReason.Disconnected);
                break;
            case "quarantine":
                connection.Transport.Close(CloseReason.Quarantined);
                break;
            case "drain":
                await rig.Broker.Drain.DeliverAsync(Token);
                break;
        }

        await Eventually.CompletesAsync("the broker ends the connection", connection.Served);
    }
}
