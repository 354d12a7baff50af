using Cassini.Streams.Events;
using Cassini.Streams.Health;
using static Cassini.Tests.Health.Fold;

namespace Cassini.Tests.Health.Checks;

/// <summary>Whether there is room for new clients and their messages.</summary>
public class CapacityCheckTests
{
    private const long Mebibyte = 1024 * 1024;
    private static readonly HealthPolicy Policy = new() { Hold = TimeSpan.Zero };

    [Fact]
    public void Capacity_BeforeASample_IsOk() => Healthy()[CheckNames.Capacity].Status.ShouldBe(HealthStatus.Ok);

    [Fact]
    public void Capacity_MostIsInUse_IsDegradedWithHysteresisAndReady()
    {
        var fold = Healthy(Policy);

        fold.At(1, Load(sessions: Use(80)))[CheckNames.Capacity].Status.ShouldBe(HealthStatus.Ok);
        fold.At(2, Load(sessions: Use(81, "mallory", 70)))[CheckNames.Capacity].Reason.ShouldBe(Reasons.CapacityHigh);
        fold[CheckNames.Capacity].Message.ShouldBe("81 of 100 sessions exist; 'mallory' holds most: 70");
        fold[CheckNames.Capacity].Evidence.ShouldBe([fold.State.Through]);
        fold.State.Verdicts.Ready.ShouldBeTrue();
        fold.At(3, Load(sessions: Use(65)))[CheckNames.Capacity].Status.ShouldBe(HealthStatus.Degraded);
        fold.At(4, Load(sessions: Use(64)))[CheckNames.Capacity].Status.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void Capacity_NoSessionIsLeft_IsAnErrorAndNotReady()
    {
        var fold = Healthy(Policy).At(1, Load(sessions: Use(100, "mallory", 99)));

        fold[CheckNames.Capacity].Reason.ShouldBe(Reasons.SessionsFull);
        fold[CheckNames.Capacity].Message.ShouldBe("100 of 100 sessions exist: new clients are turned away; 'mallory' holds most: 99");
        fold.State.Verdicts.Ready.ShouldBeFalse();
        fold.State.Verdicts.Live.ShouldBeTrue();

        fold.At(2, Load(sessions: Use(99)))[CheckNames.Capacity].Reason.ShouldBe(Reasons.CapacityHigh);
        fold.State.Verdicts.Ready.ShouldBeTrue();
    }

    [Fact]
    public void Capacity_NoConnectionIsLeft_IsAnErrorAndNotReady()
    {
        var fold = Healthy(Policy).At(1, Load(connections: Use(1_000, limit: 1_000)));

        fold[CheckNames.Capacity].Reason.ShouldBe(Reasons.ConnectionsFull);
        fold[CheckNames.Capacity].Message.ShouldBe("1,000 of 1,000 connections are open: new clients are turned away");
        fold.State.Verdicts.Ready.ShouldBeFalse();
    }

    // Publishers wait for memory before they are refused.
    [Fact]
    public void Capacity_MemoryAtItsLimit_IsAnErrorWhenItStaysThere()
    {
        var full = Load(memory: new ResourceUse(256 * Mebibyte, 256 * Mebibyte, "slow", 200 * Mebibyte));
        var fold = Healthy(Policy);

        fold.At(1, full)[CheckNames.Capacity].Reason.ShouldBe(Reasons.CapacityHigh);
        fold.At(6, full)[CheckNames.Capacity].Reason.ShouldBe(Reasons.MemoryFull);
        fold[CheckNames.Capacity].Message.ShouldBe(
            "256 of 256 MiB of the memory for messages are in use: new messages are turned away; 'slow' holds most: 200 MiB");
        fold.State.Verdicts.Ready.ShouldBeFalse();
        fold.At(11, Load(memory: Use(1)))[CheckNames.Capacity].Status.ShouldBe(HealthStatus.Ok);
        fold.At(16, full)[CheckNames.Capacity].Reason.ShouldBe(Reasons.CapacityHigh);
    }

    [Theory]
    [InlineData(CapacityResource.Connections, Reasons.ConnectionsFull)]
    [InlineData(CapacityResource.Sessions, Reasons.SessionsFull)]
    [InlineData(CapacityResource.Memory, Reasons.MemoryFull)]
    [InlineData(CapacityResource.Retained, Reasons.RetainedFull)]
    [InlineData(CapacityResource.SharedSubscriptions, Reasons.SharedSubscriptionsFull)]
    [InlineData(CapacityResource.Descriptors, Reasons.DescriptorsFull)]
    public void Capacity_SomethingWasTurnedAway_IsAnErrorAtOnceAndUntilASampleHasRoom(CapacityResource resource, string reason)
    {
        var fold = Healthy(Policy).At(1, Load()).At(2, new CapacityReached(resource, 100));

        fold[CheckNames.Capacity].Reason.ShouldBe(reason);
        fold.State.Verdicts.Ready.ShouldBeFalse();
        fold.At(3, Load(descriptors: Use(0)))[CheckNames.Capacity].Status.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void Capacity_ConnectionRefusedBeforeASample_IsAnErrorAtOnce()
    {
        var fold = Healthy(Policy)
            .At(1, new ConnectionAccepted(1, Happened.Endpoint, "peer"))
            .At(1, Happened.Refused(1, HandshakeFailure.ConnectionLimit, "192.0.2.1:1"));

        fold[CheckNames.Capacity].Reason.ShouldBe(Reasons.ConnectionsFull);
        fold[CheckNames.Capacity].Message.ShouldBe("all connections are open: new clients are turned away");
    }

    [Fact]
    public void Capacity_ConnectionRefusedAfterAnOldSample_SaysThatTheLimitIsInUse()
    {
        var fold = Healthy(Policy)
            .At(1, Load(connections: Use(0, limit: 20)))
            .At(2, new ConnectionAccepted(1, Happened.Endpoint, "peer"))
            .At(2, Happened.Refused(1, HandshakeFailure.ConnectionLimit, "192.0.2.1:1"));

        fold[CheckNames.Capacity].Message.ShouldBe("20 of 20 connections are open: new clients are turned away");
    }

    [Theory]
    [InlineData(CapacityResource.Connections, "100 of 100 connections are open: new clients are turned away")]
    [InlineData(CapacityResource.Sessions, "100 of 100 sessions exist: new clients are turned away")]
    [InlineData(CapacityResource.Memory, "100 of 100 MiB of the memory for messages are in use: new messages are turned away")]
    [InlineData(CapacityResource.Retained, "100 of 100 retained messages exist: messages for further topics are not retained")]
    [InlineData(CapacityResource.SharedSubscriptions, "100 of 100 shared subscriptions exist: new ones are refused")]
    [InlineData(CapacityResource.Descriptors, "100 of 100 file descriptors are in use: new clients are turned away")]
    public void Capacity_TurnedAwayAfterAnOldSample_SaysThatTheLimitIsInUse(CapacityResource resource, string message)
    {
        var limit = resource is CapacityResource.Memory ? 100 * Mebibyte : 100;
        var old = new ResourceUse(1, 99);

        var fold = Healthy(Policy).At(1, Load(old, old, old)).At(2, new CapacityReached(resource, limit));

        fold[CheckNames.Capacity].Message.ShouldBe(message);
    }

    [Fact]
    public void Capacity_TurnedAwayAfterAnOldSample_NamesTheHolderOfTheEvent()
    {
        var fold = Healthy(Policy)
            .At(1, Load(connections: Use(0, limit: 20)))
            .At(2, Happened.Refused(1, HandshakeFailure.ConnectionLimit, "192.0.2.1:1"))
            .At(3, new CapacityReached(CapacityResource.Connections, 20) { Holder = "mallory", Held = 19 });

        fold[CheckNames.Capacity].Message.ShouldBe(
            "20 of 20 connections are open: new clients are turned away; 'mallory' holds most: 19");
    }

    [Theory]
    [InlineData(CapacityResource.Connections, "1 of 1 connection is open: new clients are turned away")]
    [InlineData(CapacityResource.Sessions, "1 of 1 session exists: new clients are turned away")]
    [InlineData(CapacityResource.Memory, "1 of 1 MiB of the memory for messages is in use: new messages are turned away")]
    [InlineData(CapacityResource.Retained, "1 of 1 retained message exists: messages for further topics are not retained")]
    [InlineData(CapacityResource.SharedSubscriptions, "1 of 1 shared subscription exists: new ones are refused")]
    [InlineData(CapacityResource.Descriptors, "1 of 1 file descriptor is in use: new clients are turned away")]
    public void Capacity_OfOne_IsSaidOfOne(CapacityResource resource, string message) =>
        Healthy(Policy).At(1, new CapacityReached(resource, resource is CapacityResource.Memory ? Mebibyte : 1))
            [CheckNames.Capacity].Message.ShouldBe(message);

    [Fact]
    public void Capacity_ReachedByManyIdentitiesAtOnce_SaysTheNumberAndNamesNobody()
    {
        var fold = Healthy(Policy).At(1, Load());
        for (var i = 1; i <= 30; i++)
        {
            fold.At(2, new CapacityReached(CapacityResource.Sessions, 10, $"client-{i}"));
        }

        fold[CheckNames.Capacity].Status.ShouldBe(HealthStatus.Ok);
        fold.At(3, new CapacityReached(CapacityResource.Sessions, 100)).At(4, new CapacityReached(CapacityResource.Sessions, 100));
        fold[CheckNames.Capacity].Message.ShouldBe("100 of 100 sessions exist: new clients are turned away");
        fold.At(5, Load(sessions: Use(100, "client-1", 1)));
        fold[CheckNames.Capacity].Message.ShouldBe(
            "100 of 100 sessions exist: new clients are turned away; no identity holds more than one");
    }

    // One client never makes /readyz fail.
    [Fact]
    public void Capacity_ShareOfOneIdentityIsUsedUp_ChangesNothing()
    {
        var fold = Healthy(Policy).At(1, new CapacityReached(CapacityResource.Sessions, 10, "mallory"));

        fold[CheckNames.Capacity].Status.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void Capacity_Recovered_IsReportedForTheHold()
    {
        var fold = Healthy(new HealthPolicy { Hold = S(15) }).At(1, Load(sessions: Use(100))).At(2, Load());

        fold.Until(S(16) - Instant)[CheckNames.Capacity].Status.ShouldBe(HealthStatus.Error);
        fold.Until(S(16))[CheckNames.Capacity].Status.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void Capacity_DescriptorsRunOut_IsHighThenAnErrorAndNamesWhoHasMostConnections()
    {
        var fold = Healthy(Policy).At(1, Load(descriptors: Use(850, "mallory", 600, limit: 1_000)));

        fold[CheckNames.Capacity].Reason.ShouldBe(Reasons.CapacityHigh);
        fold[CheckNames.Capacity].Message.ShouldBe("850 of 1,000 file descriptors are in use; 'mallory' has most connections: 600");
        fold.State.Verdicts.Ready.ShouldBeTrue();

        fold.At(2, new AcceptFailed(Happened.Endpoint, "TooManyOpenSockets", 1, S(1)))[CheckNames.Capacity].Reason
            .ShouldBe(Reasons.DescriptorsFull);
        fold.State.Verdicts.Ready.ShouldBeFalse();
        fold.At(3, Load(descriptors: Use(700, limit: 1_000)))[CheckNames.Capacity].Reason.ShouldBe(Reasons.CapacityHigh);
        fold.State.Verdicts.Ready.ShouldBeTrue();
    }

    // Its samples would never end it.
    [Fact]
    public void Capacity_AcceptFailsWhereDescriptorsAreNotSampled_IsOk()
    {
        var fold = Healthy(Policy).At(1, Load()).At(2, new AcceptFailed(Happened.Endpoint, "TooManyOpenSockets", 1, S(1)));

        fold[CheckNames.Capacity].Status.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void Capacity_RetainedPlacesAreUsedUp_IsAnErrorAndNotReady()
    {
        var fold = Healthy(Policy).At(1, Load(retained: Use(100, "mallory", 60)));

        fold[CheckNames.Capacity].Message.ShouldBe(
            "100 of 100 retained messages exist: messages for further topics are not retained; 'mallory' holds most: 60");
        fold.State.Verdicts.Ready.ShouldBeFalse();
    }

    [Fact]
    public void Capacity_SharedSubscriptionsAreUsedUp_IsAnErrorAndNotReadyUntilOneIsFree()
    {
        var fold = Healthy(Policy).At(1, Load(shared: Use(100, "mallory", 90)));

        fold[CheckNames.Capacity].Message.ShouldBe(
            "100 of 100 shared subscriptions exist: new ones are refused; 'mallory' holds most: 90");
        fold.State.Verdicts.Ready.ShouldBeFalse();
        fold.At(2, Load(shared: Use(99)))[CheckNames.Capacity].Reason.ShouldBe(Reasons.CapacityHigh);
        fold.State.Verdicts.Ready.ShouldBeTrue();
    }

    // Messages to topics that are not listed are delivered all the same.
    [Fact]
    public void Capacity_NoPlaceIsLeftForTopics_IsOkAndReadyAndInTheFigures()
    {
        var fold = Healthy(Policy).At(1, Load(topics: Use(100, "mallory", 90))).At(2, new CapacityReached(CapacityResource.Topics, 100));

        fold[CheckNames.Capacity].Status.ShouldBe(HealthStatus.Ok);
        fold.State.Verdicts.Ready.ShouldBeTrue();
        fold.State.Facts.Capacity.Each().ShouldContain(use =>
            use.Resource == CapacityResource.Topics && use.Facts.Used == 100 && use.Facts.Limit == 100);
    }

    // Publishers wait before they are refused, so between two refusals a sample may be a little below the limit.
    [Theory]
    [InlineData(CapacityResource.Memory, Reasons.MemoryFull)]
    [InlineData(CapacityResource.Retained, Reasons.RetainedFull)]
    public void Capacity_PublisherIsRefusedAgainAndAgain_DoesNotFlap(CapacityResource resource, string reason)
    {
        var sample = resource is CapacityResource.Memory ? Load(memory: Use(95)) : Load(retained: Use(95));
        var fold = Healthy(Policy).At(1, sample);
        for (var at = 2.0; at < 120; at += 6)
        {
            fold.At(at, new CapacityReached(resource, 100)).At(at + 3, sample);
        }

        fold[CheckNames.Capacity].Reason.ShouldBe(reason);
        fold[CheckNames.Capacity].Flapping.ShouldBeFalse();
        fold.TransitionsOf(CheckNames.Capacity).Count(change => change.To is HealthStatus.Error).ShouldBe(1);
        fold.At(122, sample)[CheckNames.Capacity].Reason.ShouldBe(Reasons.CapacityHigh, "nothing was turned away since");
    }

    // The canary has a place of its own, so it succeeds where no other client does.
    [Fact]
    public void Capacity_FullWhileTheCanarySucceeds_BothAreReported()
    {
        var fold = Healthy(Policy).At(1, Load(sessions: Use(100))).At(2, Happened.CanarySucceeded());

        fold[CheckNames.Canary].Status.ShouldBe(HealthStatus.Ok);
        fold[CheckNames.Capacity].Reason.ShouldBe(Reasons.SessionsFull);
        fold.State.Verdicts.Ready.ShouldBeFalse();
    }

    private static ResourceUse Use(long used, string? holder = null, long held = 0, long limit = 100) => new(used, limit, holder, held);

    private static LoadSampled Load(
        ResourceUse? connections = null, ResourceUse? sessions = null, ResourceUse? memory = null, ResourceUse? retained = null,
        ResourceUse? descriptors = null, ResourceUse? shared = null, ResourceUse? topics = null) => new(0, 0, 0, 0)
        {
            Capacity = new Capacity(connections ?? Use(0), sessions ?? Use(0), memory ?? Use(0))
            {
                Retained = retained ?? Use(0),
                SharedSubscriptions = shared ?? Use(0),
                Topics = topics ?? Use(0),
                Descriptors = descriptors,
            },
        };
}
