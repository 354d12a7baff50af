using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Events;
using Cassini.Streams.Tls;
using Cassini.Streams.Tls.Clients;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Tls;

public sealed class CertificateStoreTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly ScratchDirectory _directory = new();
    private readonly PublishedEvents _events = new();
    private readonly SettableTime _time = new();

    public void Dispose()
    {
        _authority.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void Load_OfGoodFiles_TellsEachPart()
    {
        using var server = _authority.IssueServer();
        var nextUpdate = CertificateTimes.ToTheSecond(_time.Now.AddDays(6));
        var store = Store(_authority.Write(_directory.Path, server, _authority.RevocationList([], nextUpdate)));

        store.Load();

        store.Current.Server.Thumbprint.ShouldBe(server.Thumbprint);
        var loaded = _events.Of<CertificateLoaded>().ToDictionary(loaded => loaded.Role);
        loaded[CertificateRole.Server].ShouldBe(new CertificateLoaded(
            CertificateRole.Server,
            "CN=localhost",
            server.GetCertHashString(HashAlgorithmName.SHA256),
            server.NotBefore.ToUniversalTime(),
            server.NotAfter.ToUniversalTime()));
        loaded[CertificateRole.Authority].NotAfter.ShouldBe(_authority.Certificate.NotAfter.ToUniversalTime());
        loaded[CertificateRole.RevocationList].NotAfter.ShouldBe(nextUpdate);
        _events.All.Length.ShouldBe(3);
    }

    [Fact]
    public void Load_OfSeveralAuthorities_TellsTheLastToEndSinceItsClientsStillGetIn()
    {
        using var shortLived = new TestAuthority("Short CA", notAfter: _time.Now.AddDays(100));
        var options = _authority.Write(_directory.Path);
        File.AppendAllText(options.CaPath, "\n" + shortLived.Certificate.ExportCertificatePem());
        var store = Store(options);

        store.Load();

        _events.Of<CertificateLoaded>().Single(loaded => loaded.Role == CertificateRole.Authority).Subject.ShouldBe(_authority.Certificate.Subject);
        store.Current.Authorities.Count.ShouldBe(2);
    }

    [Fact]
    public void Load_OfABadFile_ThrowsAndTellsNothing()
    {
        var options = _authority.Write(_directory.Path);
        File.Delete(options.CaPath);
        var store = Store(options);

        Should.Throw<TlsConfigurationException>(store.Load);
        Should.Throw<InvalidOperationException>(() => store.Current);
        _events.All.ShouldBeEmpty();
    }

    [Fact]
    public void Look_AtUnchangedFiles_DoesNothing()
    {
        var store = Loaded(out _);
        var before = store.Current;

        Look(store, 5);

        store.Current.ShouldBeSameAs(before);
        _events.All.ShouldBeEmpty();
    }

    [Fact]
    public void Look_AtNewFiles_TakesThemUpAtTheSecondLook()
    {
        var store = Loaded(out _);
        using var renewed = _authority.IssueServer("renewed");
        _authority.Write(_directory.Path, renewed);

        store.Look();
        store.Current.Server.Subject.ShouldBe("CN=localhost");
        store.Look();

        store.Current.Server.Subject.ShouldBe("CN=renewed");
        _events.Of<CertificateLoaded>().Select(loaded => loaded.Role).ShouldBe([CertificateRole.Server, CertificateRole.Authority]);
    }

    [Fact]
    public async Task LookNow_AtNewFiles_TakesThemUpAtOnce()
    {
        var options = _authority.Write(_directory.Path) with { ReloadInterval = TimeSpan.FromDays(1) };
        var store = Store(options);
        store.Load();
        using var end = new CancellationTokenSource();
        var running = store.RunAsync(end.Token);
        using var renewed = _authority.IssueServer("renewed");
        _authority.Write(_directory.Path, renewed);

        await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => store.LookNowAsync(CancellationToken.None)))
            .WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System);

        store.Current.Server.Subject.ShouldBe("CN=renewed");
        await end.CancelAsync();
        await running;
    }

    [Fact]
    public async Task LookNow_WhileNobodyLooks_WaitsUntilItIsCancelled()
    {
        var store = Loaded(out _);
        using var end = new CancellationTokenSource();
        var asking = store.LookNowAsync(end.Token);

        await end.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(asking);
    }

    [Fact]
    public void Look_AtFilesStillBeingWritten_Waits()
    {
        var store = Loaded(out var options);
        using var renewed = _authority.IssueServer("renewed");
        var pem = renewed.ExportCertificatePem();

        File.WriteAllText(options.ServerChainPath, pem[..100]);
        store.Look();
        File.WriteAllText(options.ServerChainPath, pem);
        store.Look();
        File.WriteAllText(options.ServerKeyPath, TestAuthority.KeyPem(renewed));
        store.Look();
        _events.All.ShouldBeEmpty();
        store.Look();

        store.Current.Server.Subject.ShouldBe("CN=renewed");
        _events.Of<CertificateReloadFailed>().ShouldBeEmpty();
    }

    [Fact]
    public void Look_AtABadFile_KeepsTheOldOneAndSaysSoOnce()
    {
        var store = Loaded(out var options);
        var before = store.Current;
        File.WriteAllText(options.ServerChainPath, "nonsense");

        Look(store, 10);

        store.Current.ShouldBeSameAs(before);
        var failed = _events.Take().ShouldHaveSingleItem().ShouldBeOfType<CertificateReloadFailed>();
        failed.Role.ShouldBe(CertificateRole.Server);
        failed.Path.ShouldBe(options.ServerChainPath);
        failed.Message.ShouldContain("is not PEM");

        File.WriteAllText(options.ServerChainPath, "other nonsense");
        Look(store, 10);
        _events.Of<CertificateReloadFailed>().ShouldHaveSingleItem("another bad content is told again");
    }

    [Fact]
    public void Look_AtAGoodFileAfterABadOne_Recovers()
    {
        var store = Loaded(out var options);
        File.WriteAllText(options.ServerKeyPath, "nonsense");
        Look(store, 2);
        using var renewed = _authority.IssueServer("renewed");
        _authority.Write(_directory.Path, renewed);
        _events.Take();

        Look(store, 2);

        store.Current.Server.Subject.ShouldBe("CN=renewed");
        _events.Of<CertificateLoaded>().Length.ShouldBe(2);
    }

    [Fact]
    public void Look_AtTheOldFilesAfterABadOne_SaysThatAllIsWell()
    {
        var store = Loaded(out var options);
        var before = store.Current;
        var key = File.ReadAllText(options.ServerKeyPath);
        File.WriteAllText(options.ServerKeyPath, "nonsense");
        Look(store, 2);
        File.WriteAllText(options.ServerKeyPath, key);
        _events.Take();

        Look(store, 5);

        store.Current.ShouldBeSameAs(before);
        _events.Of<CertificateLoaded>().Select(loaded => loaded.Role).ShouldBe([CertificateRole.Server, CertificateRole.Authority]);
        _events.All.Length.ShouldBe(2);
    }

    [Fact]
    public void Look_WhileAFileIsGoneForOneLook_SaysNothing()
    {
        var store = Loaded(out var options);
        var ca = File.ReadAllText(options.CaPath);

        File.Delete(options.CaPath);
        store.Look();
        File.WriteAllText(options.CaPath, ca);
        Look(store, 3);
        _events.All.ShouldBeEmpty();

        File.Delete(options.CaPath);
        Look(store, 5);
        _events.All.ShouldHaveSingleItem().ShouldBeOfType<CertificateReloadFailed>().Message.ShouldContain("no such file");
    }

    [Fact]
    public void Look_AtASwappedSymlink_TakesUpWhatIsBehindIt()
    {
        // As Kubernetes mounts a secret: server.pem → ..data/server.pem, ..data → a directory with a date.
        using var renewed = _authority.IssueServer("renewed");
        var (first, second) = (_directory["..first"], _directory["..second"]);
        Directory.CreateDirectory(first);
        Directory.CreateDirectory(second);
        _authority.Write(first);
        _authority.Write(second, renewed);
        var data = _directory["..data"];
        Directory.CreateSymbolicLink(data, first);
        var store = Store(new TlsOptions
        {
            CaPath = Link("ca.pem"),
            ServerChainPath = Link("server.pem"),
            ServerKeyPath = Link("server.key"),
        });
        store.Load();

        Directory.Delete(data);
        Directory.CreateSymbolicLink(data, second);
        Look(store, 2);

        store.Current.Server.Subject.ShouldBe("CN=renewed");

        string Link(string file) => File.CreateSymbolicLink(_directory[file], Path.Combine("..data", file)).FullName;
    }

    [Fact]
    public void Look_AtARevocationListOfAForeignCa_KeepsTheOldOne()
    {
        using var bad = _authority.IssueClient("bad");
        using var foreign = new TestAuthority("Foreign CA");
        var options = _authority.Write(_directory.Path, revocationList: _authority.RevocationList([bad]));
        var store = Store(options);
        store.Load();
        _events.Take();

        File.WriteAllText(options.CrlPath!, foreign.RevocationList([]));
        Look(store, 3);

        store.Current.Revocation!.IsRevoked(bad, _authority.Certificate).ShouldBeTrue();
        _events.All.ShouldHaveSingleItem().ShouldBeOfType<CertificateReloadFailed>().Role.ShouldBe(CertificateRole.RevocationList);
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Reload_OfCaAndRevocationList_CountsForTheNextHandshake(SslProtocols version)
    {
        using var alice = _authority.IssueClient("alice");
        using var bob = _authority.IssueClient("bob");
        var options = _authority.Write(_directory.Path, revocationList: _authority.RevocationList([]));
        var store = Store(options);
        store.Load();
        (await Handshake.WithClientAsync(store.Current, version, alice)).Verdict.Accepted.ShouldBeTrue();

        File.WriteAllText(options.CrlPath!, _authority.RevocationList([alice]));
        Look(store, 2);
        (await Handshake.WithClientAsync(store.Current, version, alice)).Outcome.ShouldBe(HandshakeFailure.RevokedCertificate);
        (await Handshake.WithClientAsync(store.Current, version, bob)).Verdict.Accepted.ShouldBeTrue();

        using var successor = new TestAuthority("Successor CA");
        successor.Write(_directory.Path, revocationList: successor.RevocationList([]));
        Look(store, 2);
        (await Handshake.WithClientAsync(store.Current, version, bob)).Outcome.ShouldBe(HandshakeFailure.UntrustedCertificate);
        (await Handshake.WithClientAsync(store.Current, version, successor.IssueClient())).Verdict.Accepted.ShouldBeTrue();
    }

    [Fact]
    public async Task RevocationList_Stale_StillRevokes()
    {
        using var bad = _authority.IssueClient("bad");
        using var good = _authority.IssueClient("good");
        var list = _authority.RevocationList([bad], nextUpdate: _time.Now.AddDays(-1), thisUpdate: _time.Now.AddDays(-8));
        var store = Store(_authority.Write(_directory.Path, revocationList: list));
        store.Load();

        (await Handshake.WithClientAsync(store.Current, SslProtocols.Tls13, bad)).Outcome.ShouldBe(HandshakeFailure.RevokedCertificate);
        (await Handshake.WithClientAsync(store.Current, SslProtocols.Tls13, good)).Verdict.Accepted.ShouldBeTrue();
        store.Look();
        _events.Of<CertificateExpiring>().ShouldHaveSingleItem().Role.ShouldBe(CertificateRole.RevocationList);
    }

    [Fact]
    public void Expiring_WithinFourteenDays_IsToldOnceADay()
    {
        using var server = _authority.IssueServer("localhost", new() { NotAfter = _time.Now.AddDays(20) });
        _authority.Write(_directory.Path, server);
        using var longServer = _authority.IssueServer("localhost", new() { NotBefore = _time.Now.AddDays(-60), NotAfter = _time.Now.AddDays(20) });
        var store = Store(_authority.Write(_directory.Path, longServer));
        var end = CertificateTimes.NotAfter(longServer);
        store.Load();
        _events.Take();

        _time.Now = end.AddDays(-14).AddTicks(-1);
        store.Look();
        _events.Take().ShouldBeEmpty();
        _time.Now = end.AddDays(-14);
        Look(store, 10);
        _events.Take().ShouldBe([new CertificateExpiring(CertificateRole.Server, "CN=localhost", end)]);
        _time.Now = end.AddDays(-13).AddTicks(-1);
        store.Look();
        _events.Take().ShouldBeEmpty();
        _time.Now = end.AddDays(-13);
        Look(store, 10);
        _events.Take().ShouldHaveSingleItem().ShouldBeOfType<CertificateExpiring>();
    }

    [Fact]
    public void Expiring_OfAShortLivedCertificate_BeginsInItsLastThird()
    {
        using var server = _authority.IssueServer("localhost", new() { NotBefore = _time.Now, NotAfter = _time.Now.AddHours(24) });
        var store = Store(_authority.Write(_directory.Path, server));
        store.Load();
        _events.Take();

        _time.Now += TimeSpan.FromHours(15);
        store.Look();
        _events.Take().ShouldBeEmpty();
        _time.Now += TimeSpan.FromHours(2);
        store.Look();
        _events.Take().ShouldHaveSingleItem().ShouldBeOfType<CertificateExpiring>();
    }

    [Fact]
    public async Task RunAsync_UntilCancelled_FollowsTheFiles()
    {
        var options = _authority.Write(_directory.Path) with { ReloadInterval = TimeSpan.FromMilliseconds(10) };
        var store = new CertificateStore(options, _events, TimeProvider.System, NullLogger<CertificateStore>.Instance);
        store.Load();
        using var stop = new CancellationTokenSource();
        var running = store.RunAsync(stop.Token);

        using var renewed = _authority.IssueServer("renewed");
        _authority.Write(_directory.Path, renewed);
        await _events.WaitForAsync<CertificateLoaded>(loaded => loaded.Subject == "CN=renewed", "the renewed certificate is loaded");
        File.WriteAllText(options.ServerChainPath, "nonsense");
        await _events.WaitForAsync<CertificateReloadFailed>(failed => failed.Message.Contains("is not PEM"), "the bad file is told");
        await stop.CancelAsync();

        await running.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, CancellationToken.None);
        store.Current.Server.Subject.ShouldBe("CN=renewed");
    }

    [Fact]
    public async Task RunAsync_BeforeLoad_IsAProgrammingError() =>
        await Should.ThrowAsync<InvalidOperationException>(() => Store(_authority.Write(_directory.Path)).RunAsync(CancellationToken.None));

    private CertificateStore Store(TlsOptions options) => new(options, _events, _time, NullLogger<CertificateStore>.Instance);

    private CertificateStore Loaded(out TlsOptions options)
    {
        options = _authority.Write(_directory.Path);
        var store = Store(options);
        store.Load();
        _events.Take();
        return store;
    }

    private static void Look(CertificateStore store, int times)
    {
        for (var i = 0; i < times; i++)
        {
            store.Look();
        }
    }
}
