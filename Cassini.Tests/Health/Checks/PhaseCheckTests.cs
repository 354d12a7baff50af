using Cassini.Streams.Events;
using Cassini.Streams.Health;
using static Cassini.Tests.Health.Fold;
using static Cassini.Tests.Health.Happened;

namespace Cassini.Tests.Health.Checks;

/// <summary>Phases, and the verdicts before and after there is evidence.</summary>
public class PhaseCheckTests
{
    [Fact]
    public void Initial_NoEvidence_IsErrorAndNotReadyButLive()
    {
        var fold = new Fold();

        fold.State.Verdicts.Status.ShouldBe(HealthStatus.Error);
        fold.State.Verdicts.Ready.ShouldBeFalse();
        fold.State.Verdicts.Live.ShouldBeTrue();
        fold[CheckNames.Bind].Status.ShouldBe(HealthStatus.Unknown);
        fold[CheckNames.Supervision].Status.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void AllChecks_GoodEvidence_AreOkAndReadyAtOnce()
    {
        var fold = Healthy();

        fold.State.Verdicts.Status.ShouldBe(HealthStatus.Ok);
        fold.State.Verdicts.Ready.ShouldBeTrue();
        fold.State.Verdicts.Checks
            .Where(check => check.Check.Name is not (CheckNames.Store or CheckNames.Configuration or CheckNames.Cluster))
            .ShouldAllBe(check => check.Status == HealthStatus.Ok && check.Reason == null && check.Message == null);
    }

    [Fact]
    public void Draining_EndpointsClosedByTheShutdown_IsDegradedAndNoFault()
    {
        var fold = Healthy().At(1, new PhaseEntered(Phase.Draining)).At(1, new ListenerClosed(Endpoint, ListenerCloseReason.Shutdown));

        fold.State.Verdicts.Status.ShouldBe(HealthStatus.Degraded);
        fold.State.Verdicts.Ready.ShouldBeFalse();
        fold[CheckNames.Bind].Raw.ShouldBe(HealthStatus.Ok);
        fold[CheckNames.Accept].Raw.ShouldBe(HealthStatus.Ok);
    }

    [Theory]
    [InlineData(Phase.Starting, HealthStatus.Error)]
    [InlineData(Phase.Recovering, HealthStatus.Degraded)]
    [InlineData(Phase.Draining, HealthStatus.Degraded)]
    [InlineData(Phase.Stopped, HealthStatus.Error)]
    public void Phase_NotReady_FailsReadyzAndNeverLivez(Phase phase, HealthStatus overall)
    {
        var fold = Healthy().At(1, new PhaseEntered(phase));

        fold.State.Verdicts.Status.ShouldBe(overall);
        fold.State.Verdicts.Ready.ShouldBeFalse();
        fold.State.Verdicts.Live.ShouldBeTrue();
        fold.At(2, new PhaseEntered(Phase.Ready)).State.Verdicts.Ready.ShouldBeTrue("a phase is a fact and is not held");
    }
}
