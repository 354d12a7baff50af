using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Cassini.Streams.Tls.Clients;

/// <summary>Checks what a certificate may be used for.</summary>
internal static class CertificateUsage
{
    public const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    public const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private const string AnyExtendedUsage = "2.5.29.37.0";

    // Any of them is enough for OpenSSL's purpose sslserver.
    private const X509KeyUsageFlags ServerKeyUsages =
        X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment | X509KeyUsageFlags.KeyAgreement;

    /// <summary>
    /// Why clients refuse the certificate of a server for its usage; null if they do not. A use that it does not restrict is allowed.
    /// </summary>
    public static string? ProblemAsServer(X509Certificate2 certificate)
    {
        if (certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault() is { } extended
            && extended.EnhancedKeyUsages.Cast<Oid>().All(usage => usage.Value is not (ServerAuthentication or AnyExtendedUsage)))
        {
            return "its extended key usage lacks serverAuth";
        }

        return certificate.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is { } usage
            && (usage.KeyUsages & ServerKeyUsages) == 0
            ? "its key usage lacks digitalSignature"
            : null;
    }

    /// <summary>Why the certificate may not authenticate a client; null if it may. A use that it does not restrict is allowed.</summary>
    public static string? ProblemAsClient(X509Certificate2 certificate)
    {
        if (certificate.Extensions.OfType<X509BasicConstraintsExtension>().Any(constraints => constraints.CertificateAuthority))
        {
            return "it is a CA certificate";
        }

        if (certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault() is { } extended
            && extended.EnhancedKeyUsages.Cast<Oid>().All(usage => usage.Value != ClientAuthentication))
        {
            return "its extended key usage lacks clientAuth";
        }

        // The client signs the handshake (RFC 8446 §4.4.2.4, RFC 5246 §7.4.6).
        return certificate.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is { } usage
            && !usage.KeyUsages.HasFlag(X509KeyUsageFlags.DigitalSignature)
            ? "its key usage lacks digitalSignature"
            : null;
    }
}
