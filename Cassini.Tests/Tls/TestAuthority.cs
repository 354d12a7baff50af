using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Tls;

namespace Cassini.Tests.Tls;

/// <summary>
/// A CA in memory. <c>authority.IssueClient("alice")</c> gives a good client certificate with its key,
/// <c>authority.IssueClient("bob", new() { NotAfter = … })</c> one with something special, and <c>authority.Write(directory)</c> the
/// files that Cassini is configured with.
/// </summary>
internal sealed class TestAuthority : IDisposable
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();
    private readonly TestAuthority? _parent;

    /// <summary>A self-signed CA. <paramref name="key"/> renews or imitates another one.</summary>
    public TestAuthority(string name = "Test CA", DateTimeOffset? notBefore = null, DateTimeOffset? notAfter = null, ECDsa? key = null)
    {
        Key = key ?? ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Certificate = CaRequest(name, Key).CreateSelfSigned(notBefore ?? Now.AddYears(-1), notAfter ?? Now.AddYears(9));
    }

    /// <summary>A CA that exists already.</summary>
    public TestAuthority(X509Certificate2 certificate, ECDsa key) => (Certificate, Key) = (certificate, key);

    private TestAuthority(TestAuthority parent, string name)
    {
        _parent = parent;
        Key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = CaRequest(name, Key);
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(parent.Certificate, true, false));
        using var certificate = request.Create(parent.Certificate, Now.AddMonths(-6), Now.AddYears(5), NewSerial());
        Certificate = certificate.CopyWithPrivateKey(Key);
    }

    /// <summary>With its private key.</summary>
    public X509Certificate2 Certificate { get; }

    public ECDsa Key { get; }

    public TestAuthority IssueIntermediate(string name = "Test intermediate CA") => new(this, name);

    public X509Certificate2 IssueClient(string name = "alice", LeafSpec? spec = null) =>
        Issue(name, spec ?? new LeafSpec(), LeafSpec.ClientAuth, null);

    /// <summary>For <c>localhost</c>, <c>127.0.0.1</c> and <c>::1</c>.</summary>
    public X509Certificate2 IssueServer(string name = "localhost", LeafSpec? spec = null)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        return Issue(name, spec ?? new LeafSpec(), LeafSpec.ServerAuth, names.Build());
    }

    /// <summary>A certificate that this CA's key did not sign, but <paramref name="signer"/>'s: a forgery in this CA's name.</summary>
    public X509Certificate2 ForgeClient(string name, ECDsa signer)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = LeafRequest($"CN={name}", key, new LeafSpec(), LeafSpec.ClientAuth);
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(Certificate, true, false));
        using var certificate = request.Create(
            Certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(signer), Now.AddHours(-1), Now.AddDays(90), NewSerial());
        return certificate.CopyWithPrivateKey(key);
    }

    /// <summary>A revocation list of this CA in PEM form.</summary>
    public string RevocationList(
        IEnumerable<X509Certificate2> revoked, DateTimeOffset? nextUpdate = null, DateTimeOffset? thisUpdate = null)
    {
        var builder = new CertificateRevocationListBuilder();
        foreach (var certificate in revoked)
        {
            builder.AddEntry(certificate);
        }

        return PemEncoding.WriteString(
            "X509 CRL",
            builder.Build(
                Certificate, 1, nextUpdate ?? Now.AddDays(7), HashAlgorithmName.SHA256, thisUpdate: thisUpdate ?? Now.AddHours(-1)));
    }

    /// <summary>
    /// Writes ca.pem (this CA), server.pem with the intermediates below the root, server.key and, if given, crl.pem.
    /// </summary>
    public TlsOptions Write(string directory, X509Certificate2? server = null, string? revocationList = null)
    {
        var options = new TlsOptions
        {
            CaPath = Path.Combine(directory, "ca.pem"),
            ServerChainPath = Path.Combine(directory, "server.pem"),
            ServerKeyPath = Path.Combine(directory, "server.key"),
            CrlPath = revocationList is null ? null : Path.Combine(directory, "crl.pem"),
        };
        server ??= IssueServer();
        File.WriteAllText(options.CaPath, Certificate.ExportCertificatePem());
        File.WriteAllText(options.ServerChainPath, ChainPem(server));
        File.WriteAllText(options.ServerKeyPath, KeyPem(server));
        if (options.CrlPath is { } path)
        {
            File.WriteAllText(path, revocationList);
        }

        return options;
    }

    /// <summary>Writes NAME.pem with the intermediates below the root, and NAME.key.</summary>
    public (string Certificate, string Key) WriteClient(string directory, X509Certificate2 client, string name = "client")
    {
        var (path, keyPath) = (Path.Combine(directory, $"{name}.pem"), Path.Combine(directory, $"{name}.key"));
        File.WriteAllText(path, ChainPem(client));
        File.WriteAllText(keyPath, KeyPem(client));
        return (path, keyPath);
    }

    public static string KeyPem(X509Certificate2 certificate)
    {
        using AsymmetricAlgorithm key = certificate.GetECDsaPrivateKey() ?? (AsymmetricAlgorithm)certificate.GetRSAPrivateKey()!;
        return key.ExportPkcs8PrivateKeyPem();
    }

    public void Dispose()
    {
        Certificate.Dispose();
        Key.Dispose();
    }

    private string ChainPem(X509Certificate2 leaf)
    {
        var pem = leaf.ExportCertificatePem();
        for (var authority = this; authority._parent is not null; authority = authority._parent)
        {
            pem += "\n" + authority.Certificate.ExportCertificatePem();
        }

        return pem + "\n";
    }

    private X509Certificate2 Issue(string name, LeafSpec spec, string defaultUsage, X509Extension? names)
    {
        using AsymmetricAlgorithm key = spec.Rsa ? RSA.Create(2048) : ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = LeafRequest($"CN={name}", key, spec, defaultUsage);
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(Certificate, true, false));
        if (names is not null)
        {
            request.CertificateExtensions.Add(names);
        }

        using var certificate = request.Create(
            Certificate.SubjectName,
            X509SignatureGenerator.CreateForECDsa(Key),
            spec.NotBefore ?? Now.AddHours(-1),
            spec.NotAfter ?? Now.AddDays(90),
            spec.Serial ?? NewSerial());
        return key is RSA rsa ? certificate.CopyWithPrivateKey(rsa) : certificate.CopyWithPrivateKey((ECDsa)key);
    }

    private static CertificateRequest LeafRequest(string subject, AsymmetricAlgorithm key, LeafSpec spec, string defaultUsage)
    {
        var name = spec.Subject ?? new X500DistinguishedName(subject);
        var request = key is RSA rsa
            ? new CertificateRequest(name, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(name, (ECDsa)key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        if (spec.KeyUsage is { } usage)
        {
            request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, critical: true));
        }

        if ((spec.ExtendedKeyUsages ?? [defaultUsage]) is { Length: > 0 } extended)
        {
            request.CertificateExtensions.Add(
                new X509EnhancedKeyUsageExtension([.. extended.Select(oid => new Oid(oid))], critical: false));
        }

        foreach (var extension in spec.Extensions)
        {
            request.CertificateExtensions.Add(extension);
        }

        return request;
    }

    private static CertificateRequest CaRequest(string name, ECDsa key)
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return request;
    }

    private static byte[] NewSerial()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x3F) | 0x40);
        return serial;
    }
}
