using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Folding;
using static Cassini.Tests.Health.Fold;
using static Cassini.Tests.Health.Happened;

namespace Cassini.Tests.Health;

/// <summary>The status of each certificate in the snapshot: what the certificate check says of it alone.</summary>
public class CertificateHealthTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);
    private readonly Fold _fold = new();

    [Fact]
    public void Status_InTheCourseOfTime_FollowsTheCheckToTheTick()
    {
        var end = TimeSpan.FromDays(20);
        _fold.At(1, Certificate(CertificateRole.Server, Start + end));
        var warn = end - _fold.Policy.CertificateExpiring;

        foreach (var (instant, status) in ((TimeSpan, HealthStatus)[])
            [(warn - Tick, HealthStatus.Ok), (warn, HealthStatus.Degraded), (end - Tick, HealthStatus.Degraded), (end, HealthStatus.Error)])
        {
            _fold.Until(instant);
            StatusOf(CertificateRole.Server).ShouldBe(status, instant.ToString());
            _fold[CheckNames.Certificate].Raw.ShouldBe(status, instant.ToString());
        }
    }

    [Fact]
    public void Status_OfADay_IsExpiringOnlyInItsLastThird()
    {
        _fold.At(1, Certificate(CertificateRole.Server, Start + TimeSpan.FromHours(24), TimeSpan.FromHours(24)));

        _fold.Until(TimeSpan.FromHours(16) - Tick);
        StatusOf(CertificateRole.Server).ShouldBe(HealthStatus.Ok);
        _fold.Until(TimeSpan.FromHours(16));
        StatusOf(CertificateRole.Server).ShouldBe(HealthStatus.Degraded);
    }

    [Theory]
    [InlineData(CertificateRole.Server, HealthStatus.Error)]
    [InlineData(CertificateRole.Authority, HealthStatus.Error)]
    [InlineData(CertificateRole.Management, HealthStatus.Degraded)]
    [InlineData(CertificateRole.RevocationList, HealthStatus.Degraded)]
    public void Status_OverItsEnd_IsAsBadAsItsRoleIs(CertificateRole role, HealthStatus status)
    {
        _fold.At(1, Certificate(role, Start + S(100))).Until(100);

        StatusOf(role).ShouldBe(status);
    }

    [Fact]
    public void Status_AnotherIsWorse_IsItsOwn()
    {
        _fold.At(1, Certificate(CertificateRole.Server, Start + S(100)))
            .At(1, Certificate(CertificateRole.Authority, Start + TimeSpan.FromDays(999), TimeSpan.FromDays(1_000)));
        _fold.Until(100);

        StatusOf(CertificateRole.Server).ShouldBe(HealthStatus.Error);
        StatusOf(CertificateRole.Authority).ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void Certificates_SeveralAuthorities_AreEachListedAndTheLastToEndDecides()
    {
        var fold = Load(1, false, ("CN=old", 100), ("CN=new", 800_000_000), ("CN=other", 500));

        fold.Until(100);

        Authorities().ShouldBe([("CN=old", HealthStatus.Degraded), ("CN=new", HealthStatus.Ok), ("CN=other", HealthStatus.Degraded)]);
        fold[CheckNames.Certificate].Raw.ShouldBe(HealthStatus.Ok);
        fold.Until(800_000_000)[CheckNames.Certificate].Message.ShouldStartWith("CN=new expired at ");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Certificates_LoadedAgain_AreThoseOfTheLastLoad(bool byAnOlderCassini)
    {
        Load(1, byAnOlderCassini, ("CN=old", 999_999_999), ("CN=new", 999_999_999));
        _fold.At(2, new CertificateExpiring(CertificateRole.Authority, "CN=old", Start + S(999_999_999)));
        _fold.At(3, new CertificateExpiring(CertificateRole.Server, "CN=test", Start + S(888_888_888)));

        Authorities().Select(authority => authority.Subject).ShouldBe(["CN=old", "CN=new"]);
        Load(4, byAnOlderCassini, ("CN=new", 999_999_999));
        Authorities().Select(authority => authority.Subject).ShouldBe(["CN=new"]);
        Load(5, byAnOlderCassini, ("CN=a", 999_999_999), ("CN=b", 999_999_999), ("CN=new", 999_999_999));
        Authorities().Select(authority => authority.Subject).ShouldBe(["CN=a", "CN=b", "CN=new"]);
        Load(6, byAnOlderCassini, ("CN=b", 999_999_999), ("CN=a", 999_999_999));
        Authorities().Select(authority => authority.Subject).ShouldBe(["CN=b", "CN=a"]);
    }

    /// <summary>An old CA first, which has expired, and the new one behind it: the usual file.</summary>
    [Fact]
    public void Certificates_TheSameLoadedAgain_ChangeNothingAtAnyEventOfTheLoad()
    {
        (string, double)[] bundle = [("CN=old", 100), ("CN=twin", 500), ("CN=twin", 500), ("CN=new", 800_000_000)];
        Load(1, false, bundle).Until(1_000);
        var (authorities, revision, transitions) = (Authorities().ToList(), _fold.State.Verdicts.Revision, _fold.Transitions.Count);
        authorities.Count.ShouldBe(4);
        _fold[CheckNames.Certificate].Raw.ShouldBe(HealthStatus.Ok);

        foreach (var part in Parts(bundle))
        {
            _fold.At(1_001, part);
            Authorities().ShouldBe(authorities, part.ToString());
            _fold.State.Verdicts.Revision.ShouldBe(revision, part.ToString());
        }

        _fold.Transitions.Count.ShouldBe(transitions);
        _fold[CheckNames.Certificate].Raw.ShouldBe(HealthStatus.Ok);
    }

    [Fact]
    public void Certificates_AnotherLoad_JudgesNoPartOfIt()
    {
        Load(1, false, ("CN=old", 800_000_000)).Until(1_000);

        foreach (var part in Parts(("CN=expired", 100), ("CN=new", 800_000_000)))
        {
            _fold.At(1_001, part)[CheckNames.Certificate].Raw.ShouldBe(HealthStatus.Ok, part.ToString());
        }

        Authorities().ShouldBe([("CN=expired", HealthStatus.Degraded), ("CN=new", HealthStatus.Ok)]);
        foreach (var part in Parts(("CN=expired", 100)))
        {
            var isLast = part.Following == 0;
            _fold.At(1_002, part)[CheckNames.Certificate].Raw.ShouldBe(isLast ? HealthStatus.Error : HealthStatus.Ok, part.ToString());
        }
    }

    [Fact]
    public void Certificates_AnAuthorityIsNotValidYet_IsDegradedUntilItDecides()
    {
        foreach (var part in Happened.Load(
            Certificate(CertificateRole.Server, Start + S(888_888_888)),
            Certificate(CertificateRole.Authority, Start + S(800_000_000)) with { Subject = "CN=old" },
            Certificate(CertificateRole.Authority, Start + S(900_000_000), S(900_000_000 - 1_000)) with { Subject = "CN=new" }))
        {
            _fold.At(1, part);
        }

        _fold.Until(S(1_000) - Tick);
        Authorities().ShouldBe([("CN=old", HealthStatus.Ok), ("CN=new", HealthStatus.Degraded)]);
        Deciding().ShouldBe(["CN=old"]);
        _fold.Until(1_000);
        Authorities().ShouldBe([("CN=old", HealthStatus.Ok), ("CN=new", HealthStatus.Ok)]);
        Deciding().ShouldBe(["CN=new"]);
    }

    [Fact]
    public void Status_ProjectionIsStale_IsUnknown()
    {
        _fold.At(1, Certificate(CertificateRole.Server, Start + TimeSpan.FromDays(300)));

        Snapshot(Freshness.Stale).Certificates.ShouldHaveSingleItem().Status.ShouldBe(HealthStatus.Unknown);
    }

    private Fold Load(double at, bool byAnOlderCassini, params (string Subject, double End)[] authorities)
    {
        foreach (var part in Parts(authorities))
        {
            _fold.At(at, byAnOlderCassini ? part with { Following = null } : part);
        }

        return _fold;
    }

    /// <summary>What a load publishes.</summary>
    private static IEnumerable<CertificateLoaded> Parts(params (string Subject, double End)[] authorities) => Happened.Load(
    [
        Certificate(CertificateRole.Server, Start + S(888_888_888)),
        .. authorities.Select(ca => Certificate(CertificateRole.Authority, Start + S(ca.End)) with { Subject = ca.Subject }),
        Certificate(CertificateRole.RevocationList, Start + S(999_999_999)),
    ]);

    private IEnumerable<string> Deciding() => Snapshot().Certificates
        .Where(certificate => certificate.Role == CertificateRole.Authority && certificate.Decides)
        .Select(certificate => certificate.Subject);

    private IEnumerable<(string Subject, HealthStatus Status)> Authorities() => Snapshot().Certificates
        .Where(certificate => certificate.Role == CertificateRole.Authority)
        .Select(certificate => (certificate.Subject, certificate.Status));

    private HealthStatus StatusOf(CertificateRole role) => Snapshot().Certificates.Single(certificate => certificate.Role == role).Status;

    private HealthSnapshot Snapshot(Freshness freshness = Freshness.Fresh) =>
        new SnapshotBuilder(_fold.Policy, () => 1, Start, "0.1.0").Build(_fold.State, freshness);
}
