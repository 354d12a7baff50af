using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cassini.Tests.Tls;

namespace Cassini.Tests.Listening;

/// <summary>A CA of our own with a server and clients, as files and as certificates. One directory, deleted at the end.</summary>
internal sealed class TestCertificates : IDisposable
{
    private readonly ConcurrentDictionary<string, X509Certificate2> _clients = new();
    private readonly ECDsa _caKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _ca;
    private int _lists;

    public TestCertificates()
    {
        Directory = System.IO.Directory.CreateTempSubdirectory("cassini-listening-").FullName;
        var request = new CertificateRequest("CN=Test CA", _caKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _ca = request.CreateSelfSigned(Now.AddYears(-1), Now.AddYears(10));
        File.WriteAllText(CaPath, _ca.ExportCertificatePem());
        WriteServer();
        WriteRevocationList();
    }

    /// <summary>The same CA, for certificates with something special.</summary>
    public TestAuthority Authority => field ??= new TestAuthority(_ca, _caKey);

    public string Directory { get; }

    public string CaPath => Path.Combine(Directory, "ca.pem");

    public string ServerPath => Path.Combine(Directory, "server.pem");

    public string ServerKeyPath => Path.Combine(Directory, "server.key");

    /// <summary>At first a list that revokes nobody.</summary>
    public string RevocationListPath => Path.Combine(Directory, "crl.pem");

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <summary>The client certificate of this name; the same one each time.</summary>
    public X509Certificate2 Client(string name = "alice") => _clients.GetOrAdd(name, n => Issue(n, "1.3.6.1.5.5.7.3.2"));

    /// <summary>A client certificate as files.</summary>
    public (string Certificate, string Key) WriteClient(string name, TimeSpan? validFor = null)
    {
        var certificate = Issue(name, "1.3.6.1.5.5.7.3.2", validFor);
        return Write(name, certificate);
    }

    /// <summary>Writes a new server certificate over the old one.</summary>
    public void WriteServer() => Write("server", Issue("localhost", "1.3.6.1.5.5.7.3.1"));

    /// <summary>Writes a newer revocation list over the old one.</summary>
    public void WriteRevocationList(params X509Certificate2[] revoked) =>
        File.WriteAllText(RevocationListPath, Authority.RevocationList(revoked, thisUpdate: Now.AddHours(-1).AddMinutes(_lists++)));

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);

    private (string Certificate, string Key) Write(string name, X509Certificate2 certificate)
    {
        var (pem, key) = (Path.Combine(Directory, name + ".pem"), Path.Combine(Directory, name + ".key"));
        using var privateKey = certificate.GetECDsaPrivateKey()!;
        File.WriteAllText(pem, certificate.ExportCertificatePem());
        File.WriteAllText(key, privateKey.ExportPkcs8PrivateKeyPem());
        return (pem, key);
    }

    private X509Certificate2 Issue(string name, string usage, TimeSpan? validFor = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var notAfter = validFor is { } time ? Now + time : Now.AddMonths(1);
        lock (_caKey)
        {
            using var certificate = request.Create(_ca, Now.AddHours(-12), notAfter, RandomNumberGenerator.GetBytes(16));
            return certificate.CopyWithPrivateKey(key);
        }
    }
}
