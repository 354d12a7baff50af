using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health;
using static Cassini.Tests.Health.Fold;
using static Cassini.Tests.Health.Happened;

namespace Cassini.Tests.Health.Checks;

/// <summary>Certificates that end, and files that cannot be loaded.</summary>
public class CertificateCheckTests
{
    [Fact]
    public void Certificate_ExpiresInTheCourseOfTime_WarnsThenFailsToTheTick()
    {
        var fold = Healthy();
        var end = TimeSpan.FromDays(20);
        fold.At(1, Certificate(CertificateRole.Server, Start + end));
        var warn = end - fold.Policy.CertificateExpiring;

        fold.Until(warn - Instant)[CheckNames.Certificate].Raw.ShouldBe(HealthStatus.Ok);
        fold.Until(warn)[CheckNames.Certificate].Reason.ShouldBe(Reasons.CertificateExpiring);
        fold.Until(end - Instant)[CheckNames.Certificate].Raw.ShouldBe(HealthStatus.Degraded);
        fold.Until(end)[CheckNames.Certificate].Reason.ShouldBe(Reasons.CertificateExpired);
        fold.State.Verdicts.Ready.ShouldBeFalse();
    }

    [Fact]
    public void Certificate_OfADay_ExpiresOnlyInItsLastThird()
    {
        var fold = Healthy().At(1, Certificate(CertificateRole.Server, Start + TimeSpan.FromHours(24), TimeSpan.FromHours(24)));

        fold.Until(TimeSpan.FromHours(16) - Instant)[CheckNames.Certificate].Raw.ShouldBe(HealthStatus.Ok);
        fold.Until(TimeSpan.FromHours(16))[CheckNames.Certificate].Reason.ShouldBe(Reasons.CertificateExpiring);
    }

    [Fact]
    public void Certificate_WallClockStepsBack_ChangesNoVerdict()
    {
        var fold = Healthy().At(1, Certificate(CertificateRole.Server, Start + TimeSpan.FromDays(20)));
        var elapsed = TimeSpan.FromDays(7);
        fold.Take(new FoldInput(elapsed, new EventEnvelope(fold.State.Epoch, 1_000, Start - TimeSpan.FromDays(900), elapsed, Heartbeat())));

        fold[CheckNames.Certificate].Reason.ShouldBe(Reasons.CertificateExpiring);
    }

    [Fact]
    public void Certificate_ReloadFails_IsDegradedUntilTheNextGoodLoad()
    {
        var fold = Healthy(new HealthPolicy { Hold = TimeSpan.Zero }).At(
            1, new CertificateReloadFailed(CertificateRole.Server, "server.pem", "not PEM"));

        fold[CheckNames.Certificate].Reason.ShouldBe(Reasons.ReloadFailed);
        fold.At(2, Certificate(CertificateRole.Server, Start + TimeSpan.FromDays(100)))[CheckNames.Certificate].Raw
            .ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void Certificate_AuthorityNotValidYetBesideAValidOne_DecidesOnlyFromItsBeginning()
    {
        var fold = Healthy(new HealthPolicy { Hold = TimeSpan.Zero })
            .At(1, Authority("CN=old", begins: -1_000_000, ends: 4_000_000))
            .At(1, Authority("CN=new", begins: 4_000_100, ends: 30_000_000));

        fold.Until(S(4_000_000) - Instant)[CheckNames.Certificate].Message!.ShouldStartWith("CN=old expires at ");
        var expired = fold.Until(4_000_000)[CheckNames.Certificate];
        expired.Raw.ShouldBe(HealthStatus.Error);
        expired.Reason.ShouldBe(Reasons.CertificateExpired);
        expired.Message.ShouldBe("CN=old expired at 2026-02-16 07:06:40Z, and CN=new is not valid before 2026-02-16 07:08:20Z");
        fold.Until(S(4_000_100) - Instant)[CheckNames.Certificate].Raw.ShouldBe(HealthStatus.Error);
        fold.Until(4_000_100)[CheckNames.Certificate].Raw.ShouldBe(HealthStatus.Ok);
        fold.Until(30_000_000)[CheckNames.Certificate].Message!.ShouldStartWith("CN=new expired at ");
    }

    [Fact]
    public void Certificate_NoAuthorityIsValidYet_IsAnErrorUntilTheFirstBegins()
    {
        var fold = Healthy(new HealthPolicy { Hold = TimeSpan.Zero })
            .At(1, Authority("CN=later", begins: 300, ends: 90_000_000))
            .At(1, Authority("CN=sooner", begins: 200, ends: 80_000_000));

        var early = fold.Until(S(200) - Instant)[CheckNames.Certificate];
        early.Raw.ShouldBe(HealthStatus.Error);
        early.Reason.ShouldBe(Reasons.CertificateNotYetValid);
        early.Message.ShouldBe("CN=sooner is not valid before 2026-01-01 00:03:20Z");
        fold.Until(200)[CheckNames.Certificate].Raw.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void Certificate_RevocationListStale_IsDegraded()
    {
        var fold = Healthy().At(1, Certificate(CertificateRole.RevocationList, Start + S(100)));

        fold.Until(S(100) - Instant)[CheckNames.Certificate].Raw.ShouldBe(HealthStatus.Ok);
        fold.Until(S(100))[CheckNames.Certificate].Reason.ShouldBe(Reasons.RevocationListStale);
    }

    private static CertificateLoaded Authority(string subject, double begins, double ends) =>
        Certificate(CertificateRole.Authority, Start + S(ends), S(ends - begins)) with { Subject = subject };
}
