using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Events;
using Cassini.Streams.Tls;
using Cassini.Streams.Tls.Files;

namespace Cassini.Tests.Tls;

/// <summary>A revocation list never steps back while the process runs: who was revoked would be let in again.</summary>
public sealed class RevocationReloadTests : IDisposable
{
    private static readonly DateTimeOffset Monday = TimeProvider.System.GetUtcNow().AddDays(-2);
    private readonly CertificateStoreRig _rig = new();
    private readonly X509Certificate2 _thief;

    public RevocationReloadTests() => _thief = _rig.Authority.IssueClient("thief");

    public void Dispose()
    {
        _thief.Dispose();
        _rig.Dispose();
    }

    [Theory]
    [InlineData(7, 0, 6, 0)]
    [InlineData(7, 1, 7, 0)]
    [InlineData(7, 1, 8, 0)]
    [InlineData(7, 0, 6, 1)]
    public void Look_AtAnOlderList_KeepsTheNewerOneAndSaysSo(int number, int day, int olderNumber, int olderDay)
    {
        var store = Loaded(List(number, day, _thief), out var options);
        var before = store.Current;

        File.WriteAllText(options.CrlPath!, List(olderNumber, olderDay));
        CertificateStoreRig.Look(store, 5);

        store.Current.ShouldBeSameAs(before);
        var failed = _rig.Events.Take().ShouldHaveSingleItem().ShouldBeOfType<CertificateReloadFailed>();
        failed.Role.ShouldBe(CertificateRole.RevocationList);
        failed.Path.ShouldBe(options.CrlPath);
        failed.Message.ShouldBe(
            $"the revocation list of 'CN=Test CA' is older than the one in use: it is number {olderNumber} of "
            + $"{Monday.AddDays(olderDay):u}, and the one in use is number {number} of {Monday.AddDays(day):u}; "
            + "a restart takes the file as it is");
    }

    [Fact]
    public void Look_AtANewerListAfterAnOlderOne_TakesIt()
    {
        var store = Loaded(List(7, 0, _thief), out var options);
        File.WriteAllText(options.CrlPath!, List(6, 0));
        CertificateStoreRig.Look(store, 2);

        File.WriteAllText(options.CrlPath!, List(8, 1));
        CertificateStoreRig.Look(store, 2);

        store.Current.Revocation!.Count.ShouldBe(0);
        _rig.Events.Of<CertificateLoaded>().ShouldNotBeEmpty();
    }

    [Fact]
    public void Look_AtAFileThatLostAList_KeepsIt()
    {
        using var other = new TestAuthority("Other CA");
        var store = Loaded(List(7, 0, _thief) + "\n" + other.RevocationList([]), out var options, other);

        File.WriteAllText(options.CrlPath!, other.RevocationList([]));
        CertificateStoreRig.Look(store, 5);

        _rig.Events.Of<CertificateReloadFailed>().ShouldHaveSingleItem().Message.ShouldStartWith(
            "has no revocation list of 'CN=Test CA' any more");

        // Without the CA nobody is revoked by it.
        File.WriteAllText(options.CaPath, other.Certificate.ExportCertificatePem());
        CertificateStoreRig.Look(store, 2);
        store.Current.Revocation!.Count.ShouldBe(0);
    }

    [Fact]
    public void Load_AtTheStart_TakesAnyList()
    {
        var store = Loaded(List(6, 0), out _);

        store.Current.Revocation!.Count.ShouldBe(0);
    }

    private CertificateStore Loaded(string lists, out TlsOptions options, TestAuthority? other = null)
    {
        options = _rig.Authority.Write(_rig.Directory.Path, revocationList: lists);
        if (other is not null)
        {
            File.AppendAllText(options.CaPath, "\n" + other.Certificate.ExportCertificatePem());
        }

        var store = _rig.Store(options);
        store.Load();
        _rig.Events.Take();
        return store;
    }

    private string List(int number, int day, params X509Certificate2[] revoked)
    {
        var builder = new CertificateRevocationListBuilder();
        foreach (var certificate in revoked)
        {
            builder.AddEntry(certificate);
        }

        return PemEncoding.WriteString(
            "X509 CRL",
            builder.Build(
                _rig.Authority.Certificate, number, Monday.AddDays(30), HashAlgorithmName.SHA256, thisUpdate: Monday.AddDays(day)));
    }
}
