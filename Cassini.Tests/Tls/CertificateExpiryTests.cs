using System.Security.Authentication;
using Cassini.Streams.Events;
using Cassini.Streams.Tls;

namespace Cassini.Tests.Tls;

/// <summary>Certificates and revocation lists that are about to expire, or have expired.</summary>
public sealed class CertificateExpiryTests : IDisposable
{
    private readonly CertificateStoreRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void Expiring_WithinFourteenDays_IsPublishedOnceADay()
    {
        using var server = _rig.Authority.IssueServer(
            "localhost", new() { NotBefore = _rig.Time.Now.AddDays(-60), NotAfter = _rig.Time.Now.AddDays(20) });
        var store = _rig.Store(_rig.Authority.Write(_rig.Directory.Path, server));
        var end = CertificateTimes.NotAfter(server);
        store.Load();
        _rig.Events.Take();

        _rig.Time.Now = end.AddDays(-14).AddTicks(-1);
        store.Look();
        _rig.Events.Take().ShouldBeEmpty();
        _rig.Time.Now = end.AddDays(-14);
        CertificateStoreRig.Look(store, 10);
        _rig.Events.Take().ShouldBe([new CertificateExpiring(CertificateRole.Server, "CN=localhost", end)]);
        _rig.Time.Now = end.AddDays(-13).AddTicks(-1);
        store.Look();
        _rig.Events.Take().ShouldBeEmpty();
        _rig.Time.Now = end.AddDays(-13);
        CertificateStoreRig.Look(store, 10);
        _rig.Events.Take().ShouldHaveSingleItem().ShouldBeOfType<CertificateExpiring>();
    }

    [Fact]
    public void Expiring_OfAShortLivedCertificate_BeginsInItsLastThird()
    {
        using var server = _rig.Authority.IssueServer(
            "localhost", new() { NotBefore = _rig.Time.Now, NotAfter = _rig.Time.Now.AddHours(24) });
        var store = _rig.Store(_rig.Authority.Write(_rig.Directory.Path, server));
        store.Load();
        _rig.Events.Take();

        _rig.Time.Now += TimeSpan.FromHours(15);
        store.Look();
        _rig.Events.Take().ShouldBeEmpty();
        _rig.Time.Now += TimeSpan.FromHours(2);
        store.Look();
        _rig.Events.Take().ShouldHaveSingleItem().ShouldBeOfType<CertificateExpiring>();
    }

    [Fact]
    public void Expiring_OneAuthorityOfSeveral_IsNotPublishedBecauseClientsOfTheOtherConnect()
    {
        using var shortLived = new TestAuthority("Short CA", notAfter: _rig.Time.Now.AddDays(3));
        var options = _rig.Authority.Write(_rig.Directory.Path);
        File.AppendAllText(options.CaPath, "\n" + shortLived.Certificate.ExportCertificatePem());
        var store = _rig.Store(options);
        store.Load();

        store.Look();

        _rig.Events.Of<CertificateExpiring>().ShouldBeEmpty();
    }

    [Fact]
    public void Expiring_TheOtherAuthorityIsNotValidYet_IsPublishedUntilItIs()
    {
        var now = _rig.Time.Now;
        using var old = new TestAuthority("Old CA", notAfter: now.AddDays(3));
        using var later = new TestAuthority("Later CA", notBefore: now.AddDays(2), notAfter: now.AddDays(900));
        var options = _rig.Authority.Write(_rig.Directory.Path);
        File.WriteAllText(options.CaPath, old.Certificate.ExportCertificatePem() + "\n" + later.Certificate.ExportCertificatePem());
        var store = _rig.Store(options);
        store.Load();

        store.Look();
        _rig.Events.Take().OfType<CertificateExpiring>().ShouldHaveSingleItem().Subject.ShouldBe("CN=Old CA");
        _rig.Time.Now = now.AddDays(2).AddMinutes(1);
        store.Look();
        _rig.Events.Of<CertificateExpiring>().ShouldBeEmpty();
    }

    [Fact]
    public async Task RevocationList_Stale_StillRevokes()
    {
        using var bad = _rig.Authority.IssueClient("bad");
        using var good = _rig.Authority.IssueClient("good");
        var list = _rig.Authority.RevocationList([bad], nextUpdate: _rig.Time.Now.AddDays(-1), thisUpdate: _rig.Time.Now.AddDays(-8));
        var store = _rig.Store(_rig.Authority.Write(_rig.Directory.Path, revocationList: list));
        store.Load();

        (await Handshake.WithClientAsync(store.Current, SslProtocols.Tls13, bad)).Outcome.ShouldBe(HandshakeFailure.RevokedCertificate);
        (await Handshake.WithClientAsync(store.Current, SslProtocols.Tls13, good)).Verdict.Accepted.ShouldBeTrue();
        store.Look();
        _rig.Events.Of<CertificateExpiring>().ShouldHaveSingleItem().Role.ShouldBe(CertificateRole.RevocationList);
    }
}
