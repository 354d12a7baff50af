using System.Security.Cryptography.X509Certificates;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;

namespace Cassini.Streams.Tls.Clients;

/// <summary>What no longer proves who someone is: signatures with SHA-1 and older, and keys that can be broken.</summary>
internal static class WeakCryptography
{
    private const int LeastRsaBits = 2048;
    private const int LeastEcBits = 224;
    private const string Pss = "1.2.840.113549.1.1.10";

    private static readonly Dictionary<string, string> WeakSignatures = new(StringComparer.Ordinal)
    {
        ["1.2.840.113549.1.1.2"] = "MD2",
        ["1.2.840.113549.1.1.3"] = "MD4",
        ["1.2.840.113549.1.1.4"] = "MD5",
        ["1.2.840.113549.1.1.5"] = "SHA-1",
        ["1.2.840.10045.4.1"] = "SHA-1",
        ["1.2.840.10040.4.3"] = "SHA-1",
        ["1.3.14.3.2.29"] = "SHA-1",
    };

    /// <summary>The hash of the certificate's signature, by name, when it is weak; else null.</summary>
    public static string? HashOf(X509Certificate2 certificate) =>
        WeakSignatures.TryGetValue(certificate.SignatureAlgorithm.Value ?? "", out var hash) ? hash
        : certificate.SignatureAlgorithm.Value == Pss && IsSha1(certificate) ? "SHA-1"
        : null;

    /// <summary>The certificate's key, for people, when it is weak; else null.</summary>
    public static string? KeyOf(X509Certificate2 certificate)
    {
        using var rsa = certificate.GetRSAPublicKey();
        using var ec = rsa is null ? certificate.GetECDsaPublicKey() : null;
        using var dsa = rsa is null && ec is null ? certificate.GetDSAPublicKey() : null;
        return rsa is { KeySize: < LeastRsaBits } ? $"an RSA key of {rsa.KeySize} bits"
            : ec is { KeySize: < LeastEcBits } ? $"an EC key of {ec.KeySize} bits"
            : dsa is { KeySize: < LeastRsaBits } ? $"a DSA key of {dsa.KeySize} bits"
            : null;
    }

    /// <summary>The hash of RSASSA-PSS is in its parameters, and SHA-1 where they leave it out (RFC 4055, 3.1).</summary>
    private static bool IsSha1(X509Certificate2 certificate)
    {
        var algorithm = new Org.BouncyCastle.X509.X509Certificate(certificate.RawData).CertificateStructure.SignatureAlgorithm;
        return RsassaPssParameters.GetInstance(algorithm.Parameters ?? Org.BouncyCastle.Asn1.DerSequence.Empty)
            .HashAlgorithm.Algorithm.Equals(X509ObjectIdentifiers.IdSha1);
    }
}
