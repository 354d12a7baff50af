using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Events;
using Cassini.Streams.Tls;
using Cassini.Streams.Tls.Files;
using Cassini.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Tls;

/// <summary>Every file that cannot be used is named, with what is wrong with it, in one line.</summary>
public sealed class TlsConfigurationTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly ScratchDirectory _directory = new();
    private readonly TlsOptions _options;

    public TlsConfigurationTests() => _options = _authority.Write(_directory.Path, revocationList: _authority.RevocationList([]));

    public void Dispose()
    {
        _authority.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData("ca.pem", CertificateRole.Authority, "Tls:CaPath")]
    [InlineData("server.pem", CertificateRole.Server, "Tls:ServerChainPath")]
    [InlineData("server.key", CertificateRole.Server, "Tls:ServerKeyPath")]
    [InlineData("crl.pem", CertificateRole.RevocationList, "Tls:CrlPath")]
    public void File_MissingOrADirectoryOrNonsense_IsNamed(string file, CertificateRole role, string setting)
    {
        File.WriteAllText(_directory[file], "nonsense");
        ShouldFail(role, setting, file).ShouldContain("PEM");

        File.WriteAllText(_directory[file], "");
        ShouldFail(role, setting, file).ShouldContain("PEM");

        File.Delete(_directory[file]);
        ShouldFail(role, setting, file).ShouldContain("no such file");

        Directory.CreateDirectory(_directory[file]);
        ShouldFail(role, setting, file).ShouldContain("is a directory");
    }

    // Opening one waits for its writer: the files would never be looked at again.
    [Fact]
    public void File_APipe_IsNamed()
    {
        File.Delete(_options.CrlPath!);
        SpecialFile.MakePipe(_options.CrlPath!);

        ShouldFail(CertificateRole.RevocationList, "Tls:CrlPath", "crl.pem").ShouldContain("is a pipe, not a file");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Key_OfAnotherCertificate_IsSaidNotToMatch(bool isRsa)
    {
        using var server = _authority.IssueServer("localhost", new() { Rsa = isRsa });
        _authority.Write(_directory.Path, server);
        using var other = _authority.IssueServer("other", new() { Rsa = isRsa });
        File.WriteAllText(_options.ServerKeyPath, TestAuthority.KeyPem(other));

        ShouldFail(CertificateRole.Server, "Tls:ServerKeyPath", "server.key").ShouldContain("does not match the first certificate");
    }

    [Theory]
    [InlineData(false, "a private key of the kind RSA, but the certificate has a key of the kind EC")]
    [InlineData(true, "a private key of the kind EC, but the certificate has a key of the kind RSA")]
    public void Key_OfAnotherKind_IsSaidToBe(bool isRsa, string problem)
    {
        using var server = _authority.IssueServer("localhost", new() { Rsa = isRsa });
        _authority.Write(_directory.Path, server);
        using var other = _authority.IssueServer("other", new() { Rsa = !isRsa });
        File.WriteAllText(_options.ServerKeyPath, TestAuthority.KeyPem(other));
        ShouldFail(CertificateRole.Server, "Tls:ServerKeyPath", "server.key").ShouldContain(problem);

        File.WriteAllText(
            _options.ServerKeyPath,
            isRsa ? other.GetECDsaPrivateKey()!.ExportECPrivateKeyPem() : other.GetRSAPrivateKey()!.ExportRSAPrivateKeyPem());
        ShouldFail(CertificateRole.Server, "Tls:ServerKeyPath", "server.key").ShouldContain(problem);
    }

    [Theory]
    [InlineData("PRIVATE KEY", "MAMCAQA=")]
    [InlineData("EC PRIVATE KEY", "MAMCAQA=")]
    [InlineData("PRIVATE KEY", "MBgCAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQc=")]
    public void Key_Damaged_IsSaidToBeUnreadable(string label, string content)
    {
        File.WriteAllText(_options.ServerKeyPath, $"-----BEGIN {label}-----\n{content}\n-----END {label}-----\n");

        ShouldFail(CertificateRole.Server, "Tls:ServerKeyPath", "server.key").ShouldContain("a private key that cannot be read");
    }

    [Fact]
    public void Key_Encrypted_IsSaidToBe()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        File.WriteAllText(
            _options.ServerKeyPath,
            key.ExportEncryptedPkcs8PrivateKeyPem(
                "secret", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)));
        ShouldFail(CertificateRole.Server, "Tls:ServerKeyPath", "server.key").ShouldContain("encrypted");

        File.WriteAllText(
            _options.ServerKeyPath,
            "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END EC PRIVATE KEY-----\n");
        ShouldFail(CertificateRole.Server, "Tls:ServerKeyPath", "server.key").ShouldContain("encrypted");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Key_WithItsPublicKeyAndAComment_IsJudgedByItsLabels(bool isRsa)
    {
        using var server = _authority.IssueServer("localhost", new() { Rsa = isRsa });
        _authority.Write(_directory.Path, server);
        var publicKey = PemEncoding.WriteString("PUBLIC KEY", server.PublicKey.ExportSubjectPublicKeyInfo());
        File.WriteAllText(
            _options.ServerKeyPath,
            "Proc-Type: 4,ENCRYPTED is what this key is not; never keep it ENCRYPTED\n"
            + $"{publicKey}\n{TestAuthority.KeyPem(server)}\n{publicKey}");

        Create().Server.HasPrivateKey.ShouldBeTrue();
    }

    [Fact]
    public void Key_BesideASecondPrivateKey_IsUnclear()
    {
        using var other = _authority.IssueServer("other");
        File.AppendAllText(_options.ServerKeyPath, "\n" + TestAuthority.KeyPem(other));

        ShouldFail(CertificateRole.Server, "Tls:ServerKeyPath", "server.key").ShouldContain("a second private key; the first is at line 1");
    }

    [Fact]
    public void Key_InAnyPlainForm_IsRead()
    {
        using var rsaServer = _authority.IssueServer("localhost", new() { Rsa = true });
        using var rsa = rsaServer.GetRSAPrivateKey()!;
        _authority.Write(_directory.Path, rsaServer);
        Create().Server.HasPrivateKey.ShouldBeTrue();
        File.WriteAllText(_options.ServerKeyPath, rsa.ExportRSAPrivateKeyPem());
        Create().Server.HasPrivateKey.ShouldBeTrue();

        using var ecServer = _authority.IssueServer();
        using var ec = ecServer.GetECDsaPrivateKey()!;
        _authority.Write(_directory.Path, ecServer);
        File.WriteAllText(
            _options.ServerKeyPath,
            "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + ec.ExportECPrivateKeyPem());
        Create().Server.HasPrivateKey.ShouldBeTrue();
    }

    [Fact]
    public void Chain_WithIntermediates_IsServedWhole()
    {
        using var intermediate = _authority.IssueIntermediate();
        var options = intermediate.Write(_directory.Path);

        var material = TlsMaterial.Create(TlsFileSet.Read(options), TimeProvider.System);

        material.Intermediates.ShouldHaveSingleItem().Thumbprint.ShouldBe(intermediate.Certificate.Thumbprint);
        material.ServerOptions.ServerCertificateContext!.IntermediateCertificates.ShouldHaveSingleItem().Thumbprint
            .ShouldBe(intermediate.Certificate.Thumbprint);
    }

    [Fact]
    public void Chain_WithAShortRsaKey_IsRefusedBeforeAClientComes()
    {
        using var rsa = RSA.Create(1024);
        var request = new CertificateRequest("CN=short", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.Create(
            _authority.Certificate.SubjectName,
            X509SignatureGenerator.CreateForECDsa(_authority.Key),
            TimeProvider.System.GetUtcNow().AddDays(-1),
            TimeProvider.System.GetUtcNow().AddDays(1),
            [1]);
        File.WriteAllText(_options.ServerChainPath, certificate.ExportCertificatePem());
        File.WriteAllText(_options.ServerKeyPath, rsa.ExportPkcs8PrivateKeyPem());

        ShouldFail(CertificateRole.Server, "Tls:ServerChainPath", "server.pem").ShouldContain("1024 bits");
    }

    [Fact]
    public void Authority_ThatIsNoCa_IsRefused()
    {
        using var client = _authority.IssueClient();
        File.AppendAllText(_options.CaPath, "\n" + client.ExportCertificatePem());

        ShouldFail(CertificateRole.Authority, "Tls:CaPath", "ca.pem").ShouldContain("'CN=alice' is not a CA certificate");
    }

    [Fact]
    public void Certificate_Expired_IsNoError()
    {
        var now = TimeProvider.System.GetUtcNow();
        _authority.Write(_directory.Path, _authority.IssueServer("old", new() { NotBefore = now.AddDays(-9), NotAfter = now.AddDays(-1) }));

        Create().Server.Subject.ShouldBe("CN=old");
    }

    [Fact]
    public async Task IdentityFrom_OfTheOptions_ReachesTheHandshake()
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("probe.example");
        using var client = _authority.IssueClient("alice", new() { Extensions = [names.Build()] });
        var store = new CertificateStore(
            _options with { IdentityFrom = IdentitySource.SubjectAlternativeName },
            new RecordingPublisher(), TimeProvider.System, NullLogger<CertificateStore>.Instance);
        store.Load();

        (await Handshake.WithClientAsync(store.Current, SslProtocols.Tls13, client)).Verdict.Identity.ShouldBe("probe.example");
    }

    private TlsMaterial Create() => TlsMaterial.Create(TlsFileSet.Read(_options), TimeProvider.System);

    private string ShouldFail(CertificateRole role, string setting, string file)
    {
        var failure = Should.Throw<TlsConfigurationException>(Create);

        failure.Role.ShouldBe(role);
        failure.Path.ShouldBe(_directory[file]);
        failure.Message.ShouldStartWith($"{setting}: {_directory[file]}:");
        failure.Problem.ShouldNotContain(failure.Path);
        failure.Message.ShouldNotContain('\n');
        return failure.Message;
    }
}
