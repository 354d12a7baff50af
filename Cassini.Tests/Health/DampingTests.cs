using Cassini.Streams.Events;
using Cassini.Streams.Health;
using static Cassini.Tests.Health.Fold;
using static Cassini.Tests.Health.Happened;

namespace Cassini.Tests.Health;

public class DampingTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);

    [Fact]
    public void FirstEvidence_Good_IsNotHeld()
    {
        var fold = new Fold().Until(3).At(3, new ListenerConfigured(Endpoint)).At(3, Bound());

        fold[CheckNames.Bind].Status.ShouldBe(HealthStatus.Ok);
        var transition = fold.TransitionsOf(CheckNames.Bind).ShouldHaveSingleItem();
        (transition.From, transition.To, transition.At).ShouldBe((HealthStatus.Unknown, HealthStatus.Ok, S(3)));
    }

    [Fact]
    public void Recovery_LongAfterTheWorseStatusBegan_IsImmediate()
    {
        var fold = Bind().At(10, BindFailed()).At(60, Bound());

        fold[CheckNames.Bind].Status.ShouldBe(HealthStatus.Ok);
        fold[CheckNames.Bind].Since.ShouldBe(S(60));
    }

    [Fact]
    public void Recovery_WithinTheHold_WaitsWithTheOldReasonAndHappensAtItsDeadline()
    {
        var fold = Bind().At(10, BindFailed()).At(11, Bound());

        fold[CheckNames.Bind].Raw.ShouldBe(HealthStatus.Ok);
        fold[CheckNames.Bind].Status.ShouldBe(HealthStatus.Error);
        fold[CheckNames.Bind].Reason.ShouldBe(Reasons.BindFailed);
        fold.Until(S(25) - Tick)[CheckNames.Bind].Status.ShouldBe(HealthStatus.Error);
        fold.Until(1_000);
        fold.TransitionsOf(CheckNames.Bind).Last().At.ShouldBe(S(25));
    }

    [Fact]
    public void TurnForTheWorse_WhileHeld_IsImmediate()
    {
        var fold = new Fold().At(0, CanarySucceeded()).At(1, CanaryFailed()).At(2, CanarySucceeded()).At(3, CanaryFailed())
            .At(4, CanaryFailed());

        fold[CheckNames.Canary].Status.ShouldBe(HealthStatus.Error);
        fold.TransitionsOf(CheckNames.Canary).Last().At.ShouldBe(S(4));
    }

    [Fact]
    public void WorseAgainWhileHeld_KeepsTheBeginningOfTheStatus()
    {
        var fold = Bind().At(10, BindFailed()).At(12, Bound()).At(14, BindFailed()).At(30, Bound());

        fold[CheckNames.Bind].Status.ShouldBe(HealthStatus.Ok);
        fold.TransitionsOf(CheckNames.Bind).Select(transition => transition.At).ShouldBe([S(0), S(10), S(30)]);
    }

    [Fact]
    public void Flapping_FourChangesWithinTheWindow_IsReportedUntilTheyAreOld()
    {
        var fold = Bind();
        fold.At(10, BindFailed()).At(20, Bound()).At(30, BindFailed());
        fold[CheckNames.Bind].Flapping.ShouldBeFalse();

        fold.At(40, Bound());
        fold[CheckNames.Bind].Flapping.ShouldBeTrue();
        fold[CheckNames.Bind].Changes.Total.ShouldBe(4);
        fold.Until(S(310) - Tick)[CheckNames.Bind].Flapping.ShouldBeTrue();
        fold.Until(S(310))[CheckNames.Bind].Flapping.ShouldBeFalse();
    }

    [Fact]
    public void Revision_CountsTimeAndTraffic_DoNotChangeIt()
    {
        var fold = Bind();
        var revision = fold.State.Verdicts.Revision;

        fold.At(1, new ConnectionAccepted(1, Endpoint, "peer")).At(1, Completed(1)).Until(2).At(2, new LoadSampled(1, 1, 1, 1));
        fold.State.Verdicts.Revision.ShouldBe(revision);
        fold.At(3, BindFailed()).State.Verdicts.Revision.ShouldBeGreaterThan(revision);
    }

    [Fact]
    public void Revision_CertificateChanges_Grows()
    {
        var fold = Bind().At(1, Certificate(CertificateRole.Server, Start + TimeSpan.FromDays(100)));
        var revision = fold.State.Verdicts.Revision;

        fold.At(2, Certificate(CertificateRole.Server, Start + TimeSpan.FromDays(100))).State.Verdicts.Revision.ShouldBe(revision);
        fold.At(3, Certificate(CertificateRole.Server, Start + TimeSpan.FromDays(101))).State.Verdicts.Revision
            .ShouldBeGreaterThan(revision);
    }

    [Fact]
    public void IdleDay_NothingHappens_ChangesOnlyWhatTimeChanges()
    {
        var fold = Bind().At(0, Probed()).At(0, Heartbeat()).At(0, CanarySucceeded());
        fold.Transitions.Clear();

        for (var t = 0.5; t <= 86_400; t += 0.5)
        {
            fold.Until(t);
        }

        fold.Transitions.Select(transition => (transition.Check, transition.At.TotalSeconds)).ShouldBe(
        [
            (CheckNames.Manager, 5), (CheckNames.Accept, 5), (CheckNames.Canary, 30),
        ]);
    }

    private static Fold Bind() => new Fold().At(0, new ListenerConfigured(Endpoint)).At(0, Bound());
}
