using Cassini.Streams.Events;
using Cassini.Streams.Tls;
using Cassini.Streams.Tls.Files;

namespace Cassini.Tests.Tls;

/// <summary>
/// Certificates outside their period of validity: one that is not valid yet is never taken, an expired one only at the start.
/// </summary>
public sealed class CertificateValidityTests : IDisposable
{
    private readonly CertificateStoreRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Theory]
    [InlineData(CertificateRole.Server)]
    [InlineData(CertificateRole.Management)]
    [InlineData(CertificateRole.Authority)]
    public void Load_NotValidYet_IsRefusedWithBothTimes(CertificateRole role)
    {
        var from = Second(_rig.Time.Now.AddHours(1));
        var options = Write(role, from, from.AddDays(30));

        var failure = Should.Throw<TlsConfigurationException>(_rig.Store(options).Load);

        failure.Role.ShouldBe(role);
        failure.Problem.ShouldBe($"'CN={role}' is not valid yet: not before {from:u}, and now it is {_rig.Time.Now:u}");
    }

    [Theory]
    [InlineData(CertificateRole.Server)]
    [InlineData(CertificateRole.Management)]
    [InlineData(CertificateRole.Authority)]
    public void Load_Expired_IsTakenBecauseHealthReportsIt(CertificateRole role)
    {
        var to = Second(_rig.Time.Now.AddHours(-1));
        var store = _rig.Store(Write(role, to.AddDays(-30), to));

        store.Load();

        _rig.Events.Of<CertificateLoaded>().ShouldContain(loaded => loaded.Role == role && loaded.NotAfter == to);
    }

    [Theory]
    [InlineData(CertificateRole.Server)]
    [InlineData(CertificateRole.Management)]
    [InlineData(CertificateRole.Authority)]
    public void Look_Expired_KeepsTheOneInUse(CertificateRole role)
    {
        var (store, before) = Loaded(role);
        var to = Second(_rig.Time.Now.AddHours(-1));
        Write(role, to.AddDays(-30), to);

        CertificateStoreRig.Look(store, 10);

        store.Current.ShouldBeSameAs(before);
        var failed = _rig.Events.Events.ShouldHaveSingleItem().ShouldBeOfType<CertificateReloadFailed>();
        failed.Role.ShouldBe(role);
        failed.Message.ShouldBe($"'CN={role}' has expired: not after {to:u}, and now it is {_rig.Time.Now:u}");
    }

    [Theory]
    [InlineData(CertificateRole.Server)]
    [InlineData(CertificateRole.Management)]
    [InlineData(CertificateRole.Authority)]
    public void Look_NotValidYet_KeepsTheOneInUseUntilItsTimeHasCome(CertificateRole role)
    {
        var (store, before) = Loaded(role);
        var from = Second(_rig.Time.Now.AddHours(1));
        Write(role, from, from.AddDays(30));

        CertificateStoreRig.Look(store, 10);

        store.Current.ShouldBeSameAs(before);
        var failed = _rig.Events.Take().ShouldHaveSingleItem().ShouldBeOfType<CertificateReloadFailed>();
        failed.Role.ShouldBe(role);
        failed.Message.ShouldBe($"'CN={role}' is not valid yet: not before {from:u}, and now it is {_rig.Time.Now:u}");

        _rig.Time.Now = from.AddTicks(-1);
        CertificateStoreRig.Look(store, 10);
        _rig.Events.Take().ShouldBeEmpty();
        _rig.Time.Now = from;
        store.Look();
        _rig.Events.Of<CertificateLoaded>().ShouldContain(loaded => loaded.Subject == $"CN={role}");
    }

    [Fact]
    public void Look_ExpiredIntermediate_KeepsTheOneInUse()
    {
        using var intermediate = _rig.Authority.IssueIntermediate();
        using var renewed = intermediate.IssueServer("renewed", new() { NotAfter = _rig.Time.Now.AddYears(8) });
        var (store, before) = Loaded(CertificateRole.Server);
        _rig.Time.Now = _rig.Time.Now.AddYears(6);
        intermediate.Write(_rig.Directory.Path, renewed);
        File.WriteAllText(CaPath, _rig.Authority.Certificate.ExportCertificatePem());
        _rig.Events.Take();

        CertificateStoreRig.Look(store, 3);

        store.Current.ShouldBeSameAs(before);
        _rig.Events.Of<CertificateReloadFailed>().ShouldHaveSingleItem().Message
            .ShouldStartWith("'CN=Test intermediate CA' has expired: not after ");
    }

    [Fact]
    public void Look_OneAuthorityOfSeveralExpired_IsTakenBecauseClientsOfTheOtherConnect()
    {
        var (store, _) = Loaded(CertificateRole.Authority);
        using var old = new TestAuthority("Old CA", _rig.Time.Now.AddYears(-2), _rig.Time.Now.AddDays(-1));
        File.AppendAllText(CaPath, "\n" + old.Certificate.ExportCertificatePem());

        CertificateStoreRig.Look(store, 2);

        store.Current.Authorities.Count.ShouldBe(2);
    }

    private string CaPath => _rig.Directory["ca.pem"];

    private static DateTimeOffset Second(DateTimeOffset time) => CertificateTimes.ToTheSecond(time);

    private (CertificateStore Store, TlsMaterial Material) Loaded(CertificateRole role)
    {
        var store = _rig.Store(Write(role, _rig.Time.Now.AddDays(-1), _rig.Time.Now.AddDays(300)));
        store.Load();
        _rig.Events.Take();
        return (store, store.Current);
    }

    /// <summary>The files, in which only the certificate of one role has this validity.</summary>
    private TlsOptions Write(CertificateRole role, DateTimeOffset from, DateTimeOffset to)
    {
        var spec = new LeafSpec { NotBefore = from, NotAfter = to };
        using var special = _rig.Authority.IssueServer($"{role}", spec);
        using var authority = new TestAuthority($"{role}", from, to);
        using var ordinary = _rig.Authority.IssueServer();
        var options = _rig.Authority.Write(_rig.Directory.Path, role == CertificateRole.Server ? special : ordinary);
        if (role == CertificateRole.Authority)
        {
            File.WriteAllText(options.CaPath, authority.Certificate.ExportCertificatePem());
        }

        var (chain, key) = _rig.Authority.WriteClient(
            _rig.Directory.Path, role == CertificateRole.Management ? special : ordinary, "management");
        return options with { ManagementChainPath = chain, ManagementKeyPath = key };
    }
}
