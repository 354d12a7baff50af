using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Cassini.Streams.Tls.Development;

/// <summary>Certificates of servers and clients that the development CA issues.</summary>
internal static class DevelopmentLeaf
{
    private static readonly TimeSpan Life = TimeSpan.FromDays(825);

    /// <summary>Issues one that is valid from now on.</summary>
    /// <param name="signer">The CA with its key.</param>
    /// <param name="key">The key of the certificate.</param>
    /// <param name="commonName">The CN.</param>
    /// <param name="usage">What it is for: the object identifier of an extended key usage.</param>
    /// <param name="hosts">The names and addresses of a server; empty for a client.</param>
    /// <param name="now">The time.</param>
    public static X509Certificate2 Issue(
        X509Certificate2 signer, ECDsa key, string commonName, string usage, string[] hosts, DateTimeOffset now)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(commonName);
        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(signer, true, false));
        if (hosts.Length > 0)
        {
            request.CertificateExtensions.Add(ServerNames.ToExtension(hosts));
        }

        var notBefore = Later(now - DevelopmentAuthority.Backdated, CertificateTimes.NotBefore(signer));
        var notAfter = Earlier(notBefore + Life, CertificateTimes.NotAfter(signer));
        return request.Create(signer, notBefore, notAfter, SerialNumber());
    }

    // RFC 5280 §4.1.2.2: positive, at most 20 octets.
    private static byte[] SerialNumber()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x3F) | 0x40);
        return serial;
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
