using Cassini.Streams.Events;
using Cassini.Streams.Health;
using static Cassini.Tests.Health.Fold;
using static Cassini.Tests.Health.Happened;

namespace Cassini.Tests.Health.Checks;

/// <summary>Accept probes, to the tick.</summary>
public class AcceptCheckTests
{
    [Fact]
    public void Accept_ProbeMissing_IsErrorExactlyAtTheWindow()
    {
        var fold = Healthy().At(2, Probed()).At(2, Heartbeat());

        fold.Until(S(7) - Instant)[CheckNames.Accept].Raw.ShouldBe(HealthStatus.Ok);
        fold.Until(S(7))[CheckNames.Accept].Reason.ShouldBe(Reasons.AcceptStalled);
        fold.At(8, Probed())[CheckNames.Accept].Raw.ShouldBe(HealthStatus.Ok);
        fold[CheckNames.Accept].Status.ShouldBe(HealthStatus.Error);
        fold.At(S(7) + fold.Policy.Hold - Instant, Probed())[CheckNames.Accept].Status.ShouldBe(HealthStatus.Error);
        fold.Until(S(7) + fold.Policy.Hold)[CheckNames.Accept].Status.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void Accept_OneOfTwoEndpointsStalls_NamesIt()
    {
        var fold = Healthy().At(1, Bound("[::1]:8883")).At(1, Probed("[::1]:8883"));
        for (var t = 2; t <= 6; t++)
        {
            fold.At(t, Probed());
        }

        fold[CheckNames.Accept].Reason.ShouldBe(Reasons.AcceptStalled);
        fold[CheckNames.Accept].Message!.ShouldContain("[::1]:8883");
        fold[CheckNames.Accept].Message!.ShouldNotContain(Endpoint);
    }

    [Fact]
    public void Accept_BoundAgainAfterFailure_NeedsFreshEvidence()
    {
        var fold = Healthy(new HealthPolicy { Hold = TimeSpan.Zero }).At(1, BindFailed()).At(2, Bound());

        fold[CheckNames.Accept].Raw.ShouldBe(HealthStatus.Unknown);
        fold.At(3, Probed())[CheckNames.Accept].Raw.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void Accept_SlowProbe_IsDegradedAndStaysReady()
    {
        var fold = Healthy().At(1, Probed(milliseconds: 700));

        fold[CheckNames.Accept].Reason.ShouldBe(Reasons.AcceptSlow);
        fold.State.Verdicts.Ready.ShouldBeTrue();
        fold.State.Verdicts.Status.ShouldBe(HealthStatus.Degraded);
    }
}
