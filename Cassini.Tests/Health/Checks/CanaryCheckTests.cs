using Cassini.Streams.Events;
using Cassini.Streams.Health;
using static Cassini.Tests.Health.Fold;
using static Cassini.Tests.Health.Happened;

namespace Cassini.Tests.Health.Checks;

/// <summary>The canary's round trips, to the tick.</summary>
public class CanaryCheckTests
{
    [Fact]
    public void Canary_OneFailureThenTwo_TheMessageCountsThem()
    {
        var fold = Healthy().At(1, CanaryFailed());
        fold[CheckNames.Canary].Message.ShouldBe($"a round trip failed at Session of {Endpoint}: no session");

        fold.At(2, CanaryFailed())[CheckNames.Canary].Message
            .ShouldBe($"2 round trips in a row failed; the last at Session of {Endpoint}: no session");
    }

    [Fact]
    public void Canary_FailsOnceThenTwice_DegradedThenError()
    {
        var fold = Healthy();

        fold.At(1, CanaryFailed())[CheckNames.Canary].Raw.ShouldBe(HealthStatus.Degraded);
        fold.State.Verdicts.Ready.ShouldBeTrue();
        fold.At(2, CanaryFailed())[CheckNames.Canary].Raw.ShouldBe(HealthStatus.Error);
        fold.State.Verdicts.Ready.ShouldBeFalse();
        fold.At(3, CanarySucceeded())[CheckNames.Canary].Raw.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void Canary_FailsBeforeItsFirstSuccess_IsNotReady()
    {
        var fold = new Fold().At(1, CanaryFailed());

        fold[CheckNames.Canary].Status.ShouldBe(HealthStatus.Unknown);
        fold.At(2, CanaryFailed())[CheckNames.Canary].Status.ShouldBe(HealthStatus.Error);
    }

    [Fact]
    public void Canary_AnotherClientConnects_CapsItAtDegradedForItsWindow()
    {
        var fold = Healthy().At(1, CanaryFailed()).At(2, CanaryFailed());
        fold.At(3, new SessionOpened(1, "a", "alice", "MQTT 5.0", false));

        fold[CheckNames.Canary].Raw.ShouldBe(HealthStatus.Degraded);
        fold.Until(S(3) + fold.Policy.OtherClientWindow - Instant)[CheckNames.Canary].Raw.ShouldBe(HealthStatus.Degraded);
        fold.Until(S(3) + fold.Policy.OtherClientWindow)[CheckNames.Canary].Raw.ShouldBe(HealthStatus.Error);
    }

    [Fact]
    public void Canary_SilentForTooLong_IsErrorExactlyThen()
    {
        var fold = Healthy().At(1, CanarySucceeded());

        fold.Until(S(1) + fold.Policy.CanaryWindow - Instant)[CheckNames.Canary].Raw.ShouldBe(HealthStatus.Ok);
        fold.Until(S(1) + fold.Policy.CanaryWindow)[CheckNames.Canary].Reason.ShouldBe(Reasons.CanaryStale);
    }

    [Fact]
    public void Canary_OwnCertificateExpired_IsDegradedHoweverOften()
    {
        var fold = Healthy();
        for (var t = 1; t < 6; t++)
        {
            fold.At(t, CanaryFailed(CanaryFailure.OwnCertificateExpired));
        }

        fold[CheckNames.Canary].Raw.ShouldBe(HealthStatus.Degraded);
        fold[CheckNames.Canary].Reason.ShouldBe(Reasons.CanaryCertificateExpired);
    }

    [Fact]
    public void Canary_Slow_IsDegraded() => Healthy().At(1, CanarySucceeded(1_000))[CheckNames.Canary].Reason.ShouldBe(Reasons.CanarySlow);

    [Fact]
    public void Canary_SwitchedOff_IsLeftOutOfEveryVerdict()
    {
        var fold = Healthy(withCanary: false).At(0, new CanaryDisabled("no certificate"));

        fold[CheckNames.Canary].Status.ShouldBe(HealthStatus.Off);
        fold.State.Verdicts.Status.ShouldBe(HealthStatus.Ok);
        fold.State.Verdicts.Ready.ShouldBeTrue();
    }
}
