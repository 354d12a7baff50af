using System.Security.Cryptography;
using Cassini.Streams.Events;
using Cassini.Streams.Tls;
using Cassini.Streams.Tls.Files;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Tls;

/// <summary>Loading the files, and looking at them by the clock or on request.</summary>
public sealed class CertificateStoreTests : IDisposable
{
    private readonly CertificateStoreRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void Load_OfGoodFiles_PublishesEachPart()
    {
        using var server = _rig.Authority.IssueServer();
        var nextUpdate = CertificateTimes.ToTheSecond(_rig.Time.Now.AddDays(6));
        var store = _rig.Store(_rig.Authority.Write(_rig.Directory.Path, server, _rig.Authority.RevocationList([], nextUpdate)));

        store.Load();

        store.Current.Server.Thumbprint.ShouldBe(server.Thumbprint);
        var loaded = _rig.Events.Of<CertificateLoaded>().ToDictionary(loaded => loaded.Role);
        loaded[CertificateRole.Server].ShouldBe(new CertificateLoaded(
            CertificateRole.Server,
            "CN=localhost",
            server.GetCertHashString(HashAlgorithmName.SHA256),
            server.NotBefore.ToUniversalTime(),
            server.NotAfter.ToUniversalTime())
        { Following = 2 });
        loaded[CertificateRole.Authority].NotAfter.ShouldBe(_rig.Authority.Certificate.NotAfter.ToUniversalTime());
        loaded[CertificateRole.RevocationList].NotAfter.ShouldBe(nextUpdate);
        _rig.Events.Events.Count.ShouldBe(3);
    }

    [Fact]
    public void Load_OfSeveralAuthorities_PublishesEach()
    {
        using var shortLived = new TestAuthority("Short CA", notAfter: _rig.Time.Now.AddDays(100));
        var options = _rig.Authority.Write(_rig.Directory.Path);
        File.AppendAllText(options.CaPath, "\n" + shortLived.Certificate.ExportCertificatePem());
        var store = _rig.Store(options);

        store.Load();

        _rig.Events.Of<CertificateLoaded>().Select(loaded => (loaded.Role, loaded.Subject)).ShouldBe(
        [
            (CertificateRole.Server, "CN=localhost"),
            (CertificateRole.Authority, "CN=Test CA"),
            (CertificateRole.Authority, "CN=Short CA"),
        ]);
        _rig.Events.Of<CertificateLoaded>().Select(loaded => loaded.Following).ShouldBe([2, 1, 0], "a reader knows when it is complete");
        store.Current.Authorities.Count.ShouldBe(2);
    }

    [Fact]
    public void Load_OfOneAuthorityTwice_PublishesItOnce()
    {
        var options = _rig.Authority.Write(_rig.Directory.Path);
        File.AppendAllText(options.CaPath, "\n" + _rig.Authority.Certificate.ExportCertificatePem());

        _rig.Store(options).Load();

        _rig.Events.Of<CertificateLoaded>().Count(loaded => loaded.Role == CertificateRole.Authority).ShouldBe(1);
    }

    [Fact]
    public void Load_OfABadFile_ThrowsAndPublishesNothing()
    {
        var options = _rig.Authority.Write(_rig.Directory.Path);
        File.Delete(options.CaPath);
        var store = _rig.Store(options);

        Should.Throw<TlsConfigurationException>(store.Load);
        Should.Throw<InvalidOperationException>(() => store.Current);
        _rig.Events.Events.ShouldBeEmpty();
    }

    [Fact]
    public async Task LookNow_AtNewFiles_LoadsThemAtOnce()
    {
        var options = _rig.Authority.Write(_rig.Directory.Path) with { ReloadInterval = TimeSpan.FromDays(1) };
        var store = _rig.Store(options);
        store.Load();
        using var end = new CancellationTokenSource();
        var running = store.RunAsync(end.Token);
        using var renewed = _rig.Authority.IssueServer("renewed");
        _rig.Authority.Write(_rig.Directory.Path, renewed);

        await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => store.LookNowAsync(CancellationToken.None)))
            .WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System);

        store.Current.Server.Subject.ShouldBe("CN=renewed");
        await end.CancelAsync();
        await running;
    }

    [Fact]
    public async Task LookNow_WhileNothingLooks_WaitsUntilItIsCancelled()
    {
        var store = _rig.Loaded(out _);
        using var end = new CancellationTokenSource();
        var looking = store.LookNowAsync(end.Token);

        await end.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(looking);
    }

    [Fact]
    public async Task RunAsync_UntilCancelled_FollowsTheFiles()
    {
        var options = _rig.Authority.Write(_rig.Directory.Path) with { ReloadInterval = TimeSpan.FromMilliseconds(10) };
        var store = new CertificateStore(options, _rig.Events, TimeProvider.System, NullLogger<CertificateStore>.Instance);
        store.Load();
        using var stop = new CancellationTokenSource();
        var running = store.RunAsync(stop.Token);

        using var renewed = _rig.Authority.IssueServer("renewed");
        _rig.Authority.Write(_rig.Directory.Path, renewed);
        await _rig.Events.WaitForAsync<CertificateLoaded>("the renewed certificate is loaded", loaded => loaded.Subject == "CN=renewed");
        File.WriteAllText(options.ServerChainPath, "nonsense");
        await _rig.Events.WaitForAsync<CertificateReloadFailed>(
            "the bad file is published", failed => failed.Message.Contains("is not PEM"));
        await stop.CancelAsync();

        await running.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, CancellationToken.None);
        store.Current.Server.Subject.ShouldBe("CN=renewed");
    }

    [Fact]
    public async Task RunAsync_BeforeLoad_IsAProgrammingError() =>
        await Should.ThrowAsync<InvalidOperationException>(
            () => _rig.Store(_rig.Authority.Write(_rig.Directory.Path)).RunAsync(CancellationToken.None));
}
