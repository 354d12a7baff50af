using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>
/// Whatever fails while a client's sessions change, its later connections are served, and what happened is published in order.
/// </summary>
public class PendingEventsTests
{
    private readonly InvalidOperationException _bug = new("a bug");

    [Theory]
    [InlineData(typeof(SessionClosed))]
    [InlineData(typeof(SessionEnded))]
    [InlineData(typeof(SessionOpened))]
    public async Task Publisher_ThrowsAtATakeover_FailsThatConnectionAlone(Type failing)
    {
        await using var rig = new BrokerRig();
        var first = await rig.OpenAsync("a", change: BrokerRig.Lasting);
        rig.Events.Published = Once(happened => happened.GetType() == failing);

        var second = await TakeOverAsync(rig);

        await second.ExpectFailureAsync(_bug);
        await Eventually.CompletesAsync("the first connection ends", first.Served);
        (await rig.OpenAsync("a", change: BrokerRig.Lasting)).Answer!.SessionPresent.ShouldBeTrue();
        rig.Events.Events.Where(e => e is SessionOpened or SessionClosed or SessionEnded).Select(e => e.GetType().Name).ShouldBe(
        [
            nameof(SessionOpened), nameof(SessionClosed), nameof(SessionEnded),
            nameof(SessionOpened), nameof(SessionClosed), nameof(SessionOpened),
        ]);
        rig.Broker.Statistics.OpenSessions.ShouldBe(1);
    }

    [Fact]
    public async Task Store_ThrowsWhenASessionIsMade_FailsThatConnectionAlone()
    {
        await using var rig = new BrokerRig();
        var first = await rig.OpenAsync("a", change: BrokerRig.Lasting);
        rig.Store.PuttingSession = () => throw _bug;

        var second = await TakeOverAsync(rig);

        await second.ExpectFailureAsync(_bug);
        await first.LoseAsync();
        rig.Broker.Statistics.ShouldSatisfyAllConditions(s => s.Sessions.ShouldBe(0), s => s.OpenSessions.ShouldBe(0));
        rig.Events.Of<SessionEnded>().ShouldBe([new SessionEnded("a", SessionEndReason.CleanStart)]);
    }

    [Fact]
    public async Task Store_ThrowsWhenASessionIsMadeInPlaceOfOneThatIsAway_PublishesItsEndAndItsWill()
    {
        await using var rig = new BrokerRig();
        var observer = await rig.ConnectAsync("b");
        await observer.SubscribeAsync("wills");
        await (await rig.OpenAsync("a", change: connect => BrokerRig.WithWill(BrokerRig.Lasting(connect), delay: 30))).LoseAsync();
        rig.Store.PuttingSession = () => throw _bug;

        var back = await TakeOverAsync(rig);

        await back.ExpectFailureAsync(_bug);
        rig.Events.Of<SessionEnded>().ShouldBe([new SessionEnded("a", SessionEndReason.CleanStart)]);
        await observer.ExpectPublishAsync("wills", "gone");
    }

    [Fact]
    public async Task Store_ThrowsWhenASessionGoesOn_LeavesItWithoutAConnection()
    {
        await using var rig = new BrokerRig();
        var away = await rig.OpenAsync("a", change: BrokerRig.Lasting);
        await away.Client.SubscribeAsync("t");
        await away.LoseAsync();
        await (await rig.ConnectAsync("b")).PublishAsync("t", "x", QualityOfService.AtLeastOnce);
        rig.Store.PuttingDelivery = () => throw _bug;

        var back = rig.Open();
        await back.Client.SendAsync(ConnectWriter.Write(BrokerRig.Lasting(back.Client.Connect("a"))));

        await back.ExpectFailureAsync(_bug);
        rig.Broker.Sessions.Find("a").ShouldNotBeNull().Attachment.ShouldBeNull();
        rig.Broker.Statistics.OpenSessions.ShouldBe(1);
        rig.Events.Of<SessionClosed>()[^1].ShouldSatisfyAllConditions(
            closed => closed.ClientId.ShouldBe("a"), closed => closed.Kept.ShouldBeTrue());
    }

    private static async Task<RigConnection> TakeOverAsync(BrokerRig rig)
    {
        var connection = rig.Open();
        var connect = BrokerRig.Lasting(connection.Client.Connect("a")) with { CleanStart = true };
        await connection.Client.SendAsync(ConnectWriter.Write(connect));
        return connection;
    }

    private Action<BrokerEvent> Once(Predicate<BrokerEvent> isDue)
    {
        var thrown = false;
        return happened =>
        {
            if (!thrown && isDue(happened))
            {
                thrown = true;
                throw _bug;
            }
        };
    }
}
