using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cassini.Harness.Clients;
using Cassini.Streams.Events;
using Cassini.Streams.Tls;

namespace Cassini.Tests.Tls;

/// <summary>In every place that reads PEM, damage behind a good block is told, and never the good block used alone.</summary>
public sealed class DamagedPemTests : IDisposable
{
    private readonly CertificateStoreRig _rig = new();

    public static TheoryData<string> Places => ["ca.pem", "server.pem", "server.key", "crl.pem", "management.pem", "management.key"];

    public void Dispose() => _rig.Dispose();

    [Theory]
    [MemberData(nameof(Places))]
    public void Load_DamagedFile_NamesTheFileAndTheLine(string file)
    {
        var store = _rig.Store(Options());
        var line = Damage(file);

        var failure = Should.Throw<TlsConfigurationException>(store.Load);

        failure.Message.ShouldContain($"{_rig.Directory[file]}:{line}: ");
        store.IsLoaded.ShouldBeFalse();
    }

    [Theory]
    [MemberData(nameof(Places))]
    public void Look_DamagedFile_KeepsTheOldContentAndSaysSo(string file)
    {
        var store = _rig.Store(Options());
        store.Load();
        _rig.Events.Take();
        var before = store.Current;
        var line = Damage(file);

        CertificateStoreRig.Look(store, 3);

        store.Current.ShouldBeSameAs(before);
        var failed = _rig.Events.Events.ShouldHaveSingleItem().ShouldBeOfType<CertificateReloadFailed>();
        failed.Path.ShouldBe(_rig.Directory[file]);
        failed.Message.ShouldStartWith($"line {line}: ");
        failed.Message.ShouldNotContain(_rig.Directory.Path, customMessage: "the path is in the event already");
    }

    [Fact]
    public void Look_SecondRevocationListIsDamaged_DoesNotForgetWhomItRevoked()
    {
        using var other = new TestAuthority("Other CA");
        using var bad = other.IssueClient("bad");
        var options = Options();
        File.AppendAllText(options.CaPath, "\n" + other.Certificate.ExportCertificatePem());
        var first = _rig.Authority.RevocationList([]);
        var second = other.RevocationList([bad]);
        File.WriteAllText(options.CrlPath!, first + "\n" + second);
        var store = _rig.Store(options);
        store.Load();

        File.WriteAllText(options.CrlPath!, first + second); // The END line and the next BEGIN on one line.
        CertificateStoreRig.Look(store, 2);

        store.Current.Judge(bad, []).Failure.ShouldBe(HandshakeFailure.RevokedCertificate);
        _rig.Events.Of<CertificateReloadFailed>().ShouldHaveSingleItem().Role.ShouldBe(CertificateRole.RevocationList);
    }

    // One bit: id-ecPublicKey becomes a kind of key that nobody knows. Its name is that of the list's issuer.
    [Fact]
    public void Look_KeyOfACaIsOfAnUnknownKind_KeepsTheOldContentAndGoesOn()
    {
        var options = Options();
        var store = _rig.Store(options);
        store.Load();
        var good = File.ReadAllText(options.CaPath);
        _rig.Events.Take();

        File.WriteAllText(options.CaPath, good + "\n" + WithUnknownKey(_rig.Authority.Certificate));
        CertificateStoreRig.Look(store, 3);

        var failed = _rig.Events.Events.ShouldHaveSingleItem().ShouldBeOfType<CertificateReloadFailed>();
        failed.Role.ShouldBe(CertificateRole.Authority);
        failed.Message.ShouldBe($"'{_rig.Authority.Certificate.Subject}' has a public key of an unknown kind (1.2.840.10045.2.3)");
        using var revoked = _rig.Authority.IssueClient("revoked");
        File.WriteAllText(options.CaPath, good);
        File.WriteAllText(options.CrlPath!, _rig.Authority.RevocationList([revoked]));
        CertificateStoreRig.Look(store, 2);
        store.Current.Judge(revoked, []).Failure.ShouldBe(HandshakeFailure.RevokedCertificate);
    }

    [Fact]
    public void Load_KeyOfACaCannotBeRead_IsRefused()
    {
        var options = Options();
        var der = _rig.Authority.Certificate.RawData;
        der[der.AsSpan().IndexOf(_rig.Authority.Certificate.GetPublicKey()) + 5] ^= 1;
        File.AppendAllText(options.CaPath, "\n" + PemEncoding.WriteString("CERTIFICATE", der));

        var failure = Should.Throw<TlsConfigurationException>(_rig.Store(options).Load);

        failure.Problem.ShouldStartWith($"'{_rig.Authority.Certificate.Subject}' has a public key that cannot be read: ");
    }

    [Theory]
    [InlineData("ca.pem", "--ca")]
    [InlineData("client.pem", "--cert")]
    [InlineData("client.key", "--key")]
    public void ClientFiles_Damaged_AreRefusedWithTheirOption(string file, string option)
    {
        _rig.Authority.Write(_rig.Directory.Path);
        _rig.Authority.WriteClient(_rig.Directory.Path, _rig.Authority.IssueClient());
        var files = new TlsFiles(
            TlsSettingNames.Options, _rig.Directory["ca.pem"], _rig.Directory["client.pem"], _rig.Directory["client.key"]);
        files.Read();
        var line = Damage(file);

        Should.Throw<ClientException>(files.Read).Message.ShouldStartWith($"{option}: {_rig.Directory[file]}:{line}: ");
    }

    private static string WithUnknownKey(X509Certificate2 certificate)
    {
        var der = certificate.RawData;
        der[der.AsSpan().IndexOf(Convert.FromHexString("06072A8648CE3D0201")) + 8] = 3;
        return PemEncoding.WriteString("CERTIFICATE", der);
    }

    private TlsOptions Options()
    {
        var options = _rig.Authority.Write(_rig.Directory.Path, revocationList: _rig.Authority.RevocationList([]));
        File.Copy(options.ServerChainPath, _rig.Directory["management.pem"], overwrite: true);
        File.Copy(options.ServerKeyPath, _rig.Directory["management.key"], overwrite: true);
        return options with
        {
            ManagementChainPath = _rig.Directory["management.pem"],
            ManagementKeyPath = _rig.Directory["management.key"],
        };
    }

    /// <summary>Appends a block that is cut off; returns the line where it begins.</summary>
    private int Damage(string file)
    {
        var good = File.ReadAllText(_rig.Directory[file]).TrimEnd() + "\n";
        File.WriteAllText(_rig.Directory[file], good + "-----BEGIN CERTIFICATE-----\nMIIB\n");
        return good.Count(c => c == '\n') + 1;
    }
}
