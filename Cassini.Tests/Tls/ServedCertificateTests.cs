using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Events;
using Cassini.Streams.Tls;

namespace Cassini.Tests.Tls;

/// <summary>A certificate that no client can use is refused before a client comes, and a reload keeps the one before.</summary>
public sealed class ServedCertificateTests : IDisposable
{
    private const string Sha1WithRsa = "SHA1";
    private const string ClientOnly = "clientAuth";
    private const string SignsCertificatesOnly = "keyCertSign";
    private readonly CertificateStoreRig _rig = new();

    public static TheoryData<string, string> Unusable => new()
    {
        { "secp256k1", "an EC key on the curve secp256k1, which ordinary clients do not offer; use P-256, P-384 or P-521" },
        { "brainpoolP256r1", "an EC key on the curve brainpoolP256r1" },
        { "secp224r1", "an EC key on the curve" },
        { Sha1WithRsa, "is signed with SHA-1, which clients refuse" },
        { ClientOnly, "'CN=server' may not be a server: its extended key usage lacks serverAuth" },
        { SignsCertificatesOnly, "'CN=server' may not be a server: its key usage lacks digitalSignature" },
    };

    public void Dispose() => _rig.Dispose();

    [Theory]
    [MemberData(nameof(Unusable))]
    public void Load_CertificateThatNoClientCanUse_IsRefusedWithASentence(string kind, string problem)
    {
        var options = _rig.Authority.Write(_rig.Directory.Path, Server(kind));

        var failure = Should.Throw<TlsConfigurationException>(_rig.Store(options).Load);

        failure.Role.ShouldBe(CertificateRole.Server);
        failure.Problem.ShouldContain(problem);
    }

    [Theory]
    [MemberData(nameof(Unusable))]
    public void Look_CertificateThatNoClientCanUse_KeepsTheOldOne(string kind, string problem)
    {
        var store = _rig.Loaded(out _);
        var before = store.Current;
        _rig.Authority.Write(_rig.Directory.Path, Server(kind));

        CertificateStoreRig.Look(store, 3);

        store.Current.ShouldBeSameAs(before);
        _rig.Events.Events.ShouldHaveSingleItem().ShouldBeOfType<CertificateReloadFailed>().Message.ShouldContain(problem);
    }

    [Theory]
    [MemberData(nameof(Unusable))]
    public void Load_ManagementCertificateThatNoCallerCanUse_IsRefused(string kind, string problem)
    {
        var options = _rig.Authority.Write(_rig.Directory.Path);
        var (chain, key) = _rig.Authority.WriteClient(_rig.Directory.Path, Server(kind), "management");

        var failure = Should.Throw<TlsConfigurationException>(
            _rig.Store(options with { ManagementChainPath = chain, ManagementKeyPath = key }).Load);

        failure.Role.ShouldBe(CertificateRole.Management);
        failure.Problem.ShouldContain(problem);
    }

    [Theory]
    [InlineData("nistP256")]
    [InlineData("nistP384")]
    [InlineData("nistP521")]
    [InlineData("RSA")]
    public void Load_OrdinaryCertificate_IsServed(string kind)
    {
        var options = _rig.Authority.Write(_rig.Directory.Path, Server(kind));
        var store = _rig.Store(options);

        store.Load();

        store.Current.Server.Subject.ShouldBe("CN=server");
    }

    [Fact]
    public void Load_IntermediateSignedWithSha1_IsRefused()
    {
        using var root = RSA.Create(2048);
        var name = new X500DistinguishedName("CN=Old root");
        using var middle = RSA.Create(2048);
        using var intermediate = Request("CN=Old intermediate", middle).Create(
            name, X509SignatureGenerator.CreateForRSA(root, RSASignaturePadding.Pkcs1).WithSha1(), Yesterday, Tomorrow, [1]);
        var options = _rig.Authority.Write(_rig.Directory.Path);
        File.AppendAllText(options.ServerChainPath, "\n" + intermediate.ExportCertificatePem());

        Should.Throw<TlsConfigurationException>(_rig.Store(options).Load).Problem
            .ShouldContain("'CN=Old intermediate' is signed with SHA-1");
    }

    private static DateTimeOffset Yesterday => TimeProvider.System.GetUtcNow().AddDays(-1);

    private static DateTimeOffset Tomorrow => TimeProvider.System.GetUtcNow().AddDays(1);

    private X509Certificate2 Server(string kind)
    {
        if (kind is "RSA" or Sha1WithRsa)
        {
            using var signer = RSA.Create(2048);
            using var rsa = RSA.Create(2048);
            var generator = X509SignatureGenerator.CreateForRSA(signer, RSASignaturePadding.Pkcs1);
            using var issued = Request("CN=server", rsa).Create(
                new X500DistinguishedName("CN=RSA CA"), kind == "RSA" ? generator : generator.WithSha1(), Yesterday, Tomorrow, [2]);
            return issued.CopyWithPrivateKey(rsa);
        }

        if (kind is ClientOnly or SignsCertificatesOnly)
        {
            return _rig.Authority.IssueServer("server", kind == ClientOnly
                ? new() { ExtendedKeyUsages = [LeafSpec.ClientAuth] }
                : new() { KeyUsage = X509KeyUsageFlags.KeyCertSign });
        }

        using var key = ECDsa.Create(ECCurve.CreateFromFriendlyName(kind));
        var request = new CertificateRequest("CN=server", key, HashAlgorithmName.SHA256);
        using var certificate = request.Create(
            _rig.Authority.Certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(_rig.Authority.Key), Yesterday, Tomorrow, [3]);
        return certificate.CopyWithPrivateKey(key);
    }

    private static CertificateRequest Request(string subject, RSA key) =>
        new(subject, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
}
