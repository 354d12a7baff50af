using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Events;
using Cassini.Streams.Tls.Clients;

namespace Cassini.Tests.Tls;

/// <summary>Certificates of clients that can be forged: signatures with SHA-1, short keys.</summary>
public sealed class WeakClientTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2031, 5, 17, 12, 0, 0, TimeSpan.Zero);
    private readonly RSA _rootKey = RSA.Create(2048);
    private readonly RSA _goodKey = RSA.Create(2048);
    private readonly RSA _shortKey = RSA.Create(1024);
    private readonly X509Certificate2 _root;

    public WeakClientTests() => _root = Authority("CN=Root", _rootKey, "CN=Root", _rootKey);

    public void Dispose()
    {
        _root.Dispose();
        _rootKey.Dispose();
        _goodKey.Dispose();
        _shortKey.Dispose();
    }

    [Theory]
    [InlineData(true, 2048, "'alice' is too weak: 'CN=alice' is signed with SHA-1")]
    [InlineData(false, 1024, "'alice' is too weak: 'CN=alice' has an RSA key of 1024 bits")]
    [InlineData(false, 2048, null)]
    public void Client_WithWeakCryptography_IsRefusedUnlessASettingAllowsIt(bool isSha1, int bits, string? detail)
    {
        using var client = Leaf("CN=Root", _rootKey, bits == 1024 ? _shortKey : _goodKey, isSha1);

        Judge(client, _root).ShouldSatisfyAllConditions(
            verdict => verdict.Failure.ShouldBe(detail is null ? null : HandshakeFailure.WeakCertificate),
            verdict => verdict.Detail.ShouldBe(detail));
        Judge(client, _root, allowsWeak: true).Detail.ShouldBeNull();
    }

    [Fact]
    public void Client_WithAShortCurve_IsRefused()
    {
        using var key = ECDsa.Create(ECCurve.CreateFromValue("1.2.840.10045.3.1.1"));
        using var client = Create(new CertificateRequest("CN=alice", key, HashAlgorithmName.SHA256), "CN=Root", _rootKey, isSha1: false);

        Judge(client, _root).Detail.ShouldBe("'alice' is too weak: 'CN=alice' has an EC key of 192 bits");
    }

    /// <summary>RSASSA-PSS has its hash in its parameters.</summary>
    [Theory]
    [InlineData("SHA1", HandshakeFailure.WeakCertificate)]
    [InlineData("SHA256", null)]
    public void Client_SignedWithPss_IsJudgedByItsHash(string hash, HandshakeFailure? expected)
    {
        using var client = Issue(
            LeafRequest(_goodKey), "CN=Root", X509SignatureGenerator.CreateForRSA(_rootKey, RSASignaturePadding.Pss).WithHash(hash));

        Judge(client, _root).Failure.ShouldBe(expected);
    }

    [Theory]
    [InlineData(true, 2048, "'alice' is too weak: 'CN=Middle' is signed with SHA-1")]
    [InlineData(false, 1024, "'alice' is too weak: 'CN=Middle' has an RSA key of 1024 bits")]
    public void Intermediate_WithWeakCryptography_IsRefused(bool isSha1, int bits, string detail)
    {
        var key = bits == 1024 ? _shortKey : _goodKey;
        using var middle = Authority("CN=Middle", key, "CN=Root", _rootKey, isSha1);
        using var leafKey = RSA.Create(2048);
        using var client = Leaf("CN=Middle", key, leafKey, isSha1: false);

        Judge(client, _root, false, middle).Detail.ShouldBe(detail);
        Judge(client, _root, true, middle).Detail.ShouldBeNull();
        Judge(client, middle).Detail.ShouldBeNull("an anchor is trusted as it is");
    }

    [Fact]
    public void Anchor_ThatSignedItselfWithSha1_IsTrusted()
    {
        using var old = Authority("CN=Old", _rootKey, "CN=Old", _rootKey, isSha1: true);
        using var client = Leaf("CN=Old", _rootKey, _goodKey, isSha1: false);

        Judge(client, old).Detail.ShouldBeNull();
    }

    private static ClientVerdict Judge(
        X509Certificate2 client, X509Certificate2 anchor, bool allowsWeak = false, params X509Certificate2[] presented) =>
        new ClientCertificateJudge([anchor], null, new SettableTime(Noon), allowsWeak: allowsWeak).Judge(client, [.. presented]);

    private static X509Certificate2 Authority(string name, RSA key, string issuer, RSA signer, bool isSha1 = false)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
        return Create(request, issuer, signer, isSha1);
    }

    private static X509Certificate2 Leaf(string issuer, RSA signer, RSA key, bool isSha1) =>
        Create(LeafRequest(key), issuer, signer, isSha1);

    private static CertificateRequest LeafRequest(RSA key) => new("CN=alice", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

    private static X509Certificate2 Create(CertificateRequest request, string issuer, RSA signer, bool isSha1)
    {
        var generator = X509SignatureGenerator.CreateForRSA(signer, RSASignaturePadding.Pkcs1);
        return Issue(request, issuer, isSha1 ? generator.WithSha1() : generator);
    }

    private static X509Certificate2 Issue(CertificateRequest request, string issuer, X509SignatureGenerator generator) =>
        request.Create(
            new X500DistinguishedName(issuer), generator, Noon.AddDays(-1), Noon.AddDays(1), RandomNumberGenerator.GetBytes(8));
}
