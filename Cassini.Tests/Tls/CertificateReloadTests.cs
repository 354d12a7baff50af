using System.Security.Authentication;
using Cassini.Streams.Events;
using Cassini.Streams.Tls;

namespace Cassini.Tests.Tls;

/// <summary>Files that change while a store looks at them.</summary>
public sealed class CertificateReloadTests : IDisposable
{
    private readonly CertificateStoreRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void Look_AtUnchangedFiles_DoesNothing()
    {
        var store = _rig.Loaded(out _);
        var before = store.Current;

        CertificateStoreRig.Look(store, 5);

        store.Current.ShouldBeSameAs(before);
        _rig.Events.Events.ShouldBeEmpty();
    }

    [Fact]
    public void Look_AtNewFiles_LoadsThemAtTheSecondLook()
    {
        var store = _rig.Loaded(out _);
        using var renewed = _rig.Authority.IssueServer("renewed");
        _rig.Authority.Write(_rig.Directory.Path, renewed);

        store.Look();
        store.Current.Server.Subject.ShouldBe("CN=localhost");
        store.Look();

        store.Current.Server.Subject.ShouldBe("CN=renewed");
        _rig.Events.Of<CertificateLoaded>().Select(loaded => loaded.Role).ShouldBe([CertificateRole.Server, CertificateRole.Authority]);
    }

    [Fact]
    public void Look_AtFilesStillBeingWritten_Waits()
    {
        var store = _rig.Loaded(out var options);
        using var renewed = _rig.Authority.IssueServer("renewed");
        var pem = renewed.ExportCertificatePem();

        File.WriteAllText(options.ServerChainPath, pem[..100]);
        store.Look();
        File.WriteAllText(options.ServerChainPath, pem);
        store.Look();
        File.WriteAllText(options.ServerKeyPath, TestAuthority.KeyPem(renewed));
        store.Look();
        _rig.Events.Events.ShouldBeEmpty();
        store.Look();

        store.Current.Server.Subject.ShouldBe("CN=renewed");
        _rig.Events.Of<CertificateReloadFailed>().ShouldBeEmpty();
    }

    [Fact]
    public void Look_AtABadFile_KeepsTheOldOneAndPublishesThatOnce()
    {
        var store = _rig.Loaded(out var options);
        var before = store.Current;
        File.WriteAllText(options.ServerChainPath, "nonsense");

        CertificateStoreRig.Look(store, 10);

        store.Current.ShouldBeSameAs(before);
        var failed = _rig.Events.Take().ShouldHaveSingleItem().ShouldBeOfType<CertificateReloadFailed>();
        failed.Role.ShouldBe(CertificateRole.Server);
        failed.Path.ShouldBe(options.ServerChainPath);
        failed.Message.ShouldContain("is not PEM");

        File.WriteAllText(options.ServerChainPath, "other nonsense");
        CertificateStoreRig.Look(store, 10);
        _rig.Events.Of<CertificateReloadFailed>().ShouldHaveSingleItem("another bad content is published again");
    }

    [Fact]
    public void Look_AtAGoodFileAfterABadOne_Recovers()
    {
        var store = _rig.Loaded(out var options);
        File.WriteAllText(options.ServerKeyPath, "nonsense");
        CertificateStoreRig.Look(store, 2);
        using var renewed = _rig.Authority.IssueServer("renewed");
        _rig.Authority.Write(_rig.Directory.Path, renewed);
        _rig.Events.Take();

        CertificateStoreRig.Look(store, 2);

        store.Current.Server.Subject.ShouldBe("CN=renewed");
        _rig.Events.Of<CertificateLoaded>().Count.ShouldBe(2);
    }

    [Fact]
    public void Look_AtTheOldFilesAfterABadOne_PublishesThemAgain()
    {
        var store = _rig.Loaded(out var options);
        var before = store.Current;
        var key = File.ReadAllText(options.ServerKeyPath);
        File.WriteAllText(options.ServerKeyPath, "nonsense");
        CertificateStoreRig.Look(store, 2);
        File.WriteAllText(options.ServerKeyPath, key);
        _rig.Events.Take();

        CertificateStoreRig.Look(store, 5);

        store.Current.ShouldBeSameAs(before);
        _rig.Events.Of<CertificateLoaded>().Select(loaded => loaded.Role).ShouldBe([CertificateRole.Server, CertificateRole.Authority]);
        _rig.Events.Events.Count.ShouldBe(2);
    }

    [Fact]
    public void Look_AtAFileThatIsGone_FailsAtTheSecondLook()
    {
        var store = _rig.Loaded(out var options);
        var ca = File.ReadAllText(options.CaPath);

        File.Delete(options.CaPath);
        store.Look();
        File.WriteAllText(options.CaPath, ca);
        CertificateStoreRig.Look(store, 3);
        _rig.Events.Events.ShouldBeEmpty();

        File.Delete(options.CaPath);
        CertificateStoreRig.Look(store, 5);
        _rig.Events.Events.ShouldHaveSingleItem().ShouldBeOfType<CertificateReloadFailed>().Message.ShouldContain("no such file");
    }

    [Fact]
    public void Look_AtASwappedSymlink_LoadsTheNewTarget()
    {
        // As Kubernetes mounts a secret: server.pem → ..data/server.pem, ..data → a directory with a date.
        using var renewed = _rig.Authority.IssueServer("renewed");
        var (first, second) = (_rig.Directory["..first"], _rig.Directory["..second"]);
        Directory.CreateDirectory(first);
        Directory.CreateDirectory(second);
        _rig.Authority.Write(first);
        _rig.Authority.Write(second, renewed);
        var data = _rig.Directory["..data"];
        Directory.CreateSymbolicLink(data, first);
        var store = _rig.Store(new TlsOptions
        {
            CaPath = Link("ca.pem"),
            ServerChainPath = Link("server.pem"),
            ServerKeyPath = Link("server.key"),
        });
        store.Load();

        Directory.Delete(data);
        Directory.CreateSymbolicLink(data, second);
        CertificateStoreRig.Look(store, 2);

        store.Current.Server.Subject.ShouldBe("CN=renewed");

        string Link(string file) => File.CreateSymbolicLink(_rig.Directory[file], Path.Combine("..data", file)).FullName;
    }

    [Fact]
    public void Look_AtARevocationListOfAForeignCa_KeepsTheOldOne()
    {
        using var bad = _rig.Authority.IssueClient("bad");
        using var foreign = new TestAuthority("Foreign CA");
        var options = _rig.Authority.Write(_rig.Directory.Path, revocationList: _rig.Authority.RevocationList([bad]));
        var store = _rig.Store(options);
        store.Load();
        _rig.Events.Take();

        File.WriteAllText(options.CrlPath!, foreign.RevocationList([]));
        CertificateStoreRig.Look(store, 3);

        store.Current.Revocation!.IsRevoked(bad, _rig.Authority.Certificate).ShouldBeTrue();
        _rig.Events.Events.ShouldHaveSingleItem().ShouldBeOfType<CertificateReloadFailed>().Role.ShouldBe(CertificateRole.RevocationList);
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Reload_OfCaAndRevocationList_CountsForTheNextHandshake(SslProtocols version)
    {
        using var alice = _rig.Authority.IssueClient("alice");
        using var bob = _rig.Authority.IssueClient("bob");
        var options = _rig.Authority.Write(_rig.Directory.Path, revocationList: _rig.Authority.RevocationList([]));
        var store = _rig.Store(options);
        store.Load();
        (await Handshake.WithClientAsync(store.Current, version, alice)).Verdict.Accepted.ShouldBeTrue();

        File.WriteAllText(options.CrlPath!, _rig.Authority.RevocationList([alice]));
        CertificateStoreRig.Look(store, 2);
        (await Handshake.WithClientAsync(store.Current, version, alice)).Outcome.ShouldBe(HandshakeFailure.RevokedCertificate);
        (await Handshake.WithClientAsync(store.Current, version, bob)).Verdict.Accepted.ShouldBeTrue();

        using var successor = new TestAuthority("Successor CA");
        successor.Write(_rig.Directory.Path, revocationList: successor.RevocationList([]));
        CertificateStoreRig.Look(store, 2);
        (await Handshake.WithClientAsync(store.Current, version, bob)).Outcome.ShouldBe(HandshakeFailure.UntrustedCertificate);
        (await Handshake.WithClientAsync(store.Current, version, successor.IssueClient())).Verdict.Accepted.ShouldBeTrue();
    }
}
