using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Cassini.Streams.Tls.Files;

/// <summary>Reads certificates and keys from PEM text, with errors that say what to do.</summary>
internal static class PemCertificates
{
    // OpenSSL's default security level refuses shorter keys, but only when a client connects.
    private const int MinRsaBits = 2048;

    /// <summary>The kinds of keys beside RSA and EC that OpenSSL verifies signatures of: RSA-PSS, DSA, Ed25519, Ed448.</summary>
    private static readonly ImmutableArray<string> OtherKeys =
        ["1.2.840.113549.1.1.10", "1.2.840.10040.4.1", "1.3.101.112", "1.3.101.113"];

    /// <summary>The arc of NIST's signatures: ML-DSA and SLH-DSA.</summary>
    private const string NistSignatures = "2.16.840.1.101.3.4.3.";

    /// <exception cref="TlsConfigurationException">The file holds no certificate, or one that cannot be read.</exception>
    public static ImmutableArray<X509Certificate2> Read(TlsFile file)
    {
        ImmutableArray<X509Certificate2> certificates =
            [.. PemReader.Read(file).Where(block => block.IsCertificate).Select(block => Parse(file, block))];
        return certificates.Length > 0
            ? certificates
            : throw file.Error("is not PEM: it has no 'BEGIN CERTIFICATE' block");
    }

    private static X509Certificate2 Parse(TlsFile file, PemBlock block)
    {
        try
        {
            return X509CertificateLoader.LoadCertificate(block.Content);
        }
        catch (CryptographicException e)
        {
            throw file.ErrorAt(block.Line, $"a certificate that cannot be read: {e.Message}", e);
        }
    }

    /// <exception cref="TlsConfigurationException">
    /// A certificate in the file is not that of a CA, or its key is none that can verify a certificate.
    /// </exception>
    public static ImmutableArray<X509Certificate2> ReadAuthorities(TlsFile file)
    {
        var certificates = Read(file);
        foreach (var certificate in certificates)
        {
            if (!IsAuthority(certificate, file))
            {
                throw file.Error($"'{certificate.Subject}' is not a CA certificate (basicConstraints lacks CA:TRUE)");
            }

            RequireReadableKey(certificate, file);
        }

        return certificates;
    }

    private static bool IsAuthority(X509Certificate2 certificate, TlsFile file)
    {
        try
        {
            return certificate.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault() is { CertificateAuthority: true };
        }
        catch (CryptographicException e)
        {
            throw file.Error($"'{certificate.Subject}' has extensions that cannot be read: {e.Message}", e);
        }
    }

    /// <summary>A CA whose key cannot be read would be in use, and all of its clients would be refused.</summary>
    private static void RequireReadableKey(X509Certificate2 certificate, TlsFile file)
    {
        using var rsa = PublicKeyOf(certificate, RSACertificateExtensions.GetRSAPublicKey, file);
        using var ec = PublicKeyOf(certificate, ECDsaCertificateExtensions.GetECDsaPublicKey, file);
        var kind = certificate.PublicKey.Oid.Value ?? "";
        if (rsa is null && ec is null && !OtherKeys.Contains(kind) && !kind.StartsWith(NistSignatures, StringComparison.Ordinal))
        {
            throw file.Error($"'{certificate.Subject}' has a public key of an unknown kind ({kind})");
        }
    }

    /// <summary>Joins a certificate with its private key.</summary>
    /// <exception cref="TlsConfigurationException">
    /// The key cannot be read, is of another kind, or belongs to another certificate.
    /// </exception>
    public static X509Certificate2 WithPrivateKey(X509Certificate2 certificate, TlsFile chain, TlsFile key)
    {
        using var ecPublic = PublicKeyOf(certificate, ECDsaCertificateExtensions.GetECDsaPublicKey, chain);
        if (ecPublic is not null)
        {
            using var ec = ECDsa.Create();
            PemKey.Import(ec, key);
            return Usable(Join(() => certificate.CopyWithPrivateKey(ec), certificate, chain, key));
        }

        using var rsaPublic = PublicKeyOf(certificate, RSACertificateExtensions.GetRSAPublicKey, chain);
        if (rsaPublic is null)
        {
            throw chain.Error($"'{certificate.Subject}' has a {certificate.PublicKey.Oid.FriendlyName} key; RSA and EC are supported");
        }

        if (rsaPublic.KeySize < MinRsaBits)
        {
            throw chain.Error($"the RSA key has {rsaPublic.KeySize} bits; at least {MinRsaBits} are needed");
        }

        using var rsa = RSA.Create();
        PemKey.Import(rsa, key);
        return Usable(Join(() => certificate.CopyWithPrivateKey(rsa), certificate, chain, key));
    }

    private static TKey? PublicKeyOf<TKey>(X509Certificate2 certificate, Func<X509Certificate2, TKey?> get, TlsFile chain)
        where TKey : AsymmetricAlgorithm
    {
        try
        {
            return get(certificate);
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            throw chain.Error($"'{certificate.Subject}' has a public key that cannot be read: {e.Message}", e);
        }
    }

    private static X509Certificate2 Join(Func<X509Certificate2> join, X509Certificate2 certificate, TlsFile chain, TlsFile key)
    {
        try
        {
            return join();
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            throw key.Error($"the key does not match the first certificate of {chain.Path} ('{certificate.Subject}')", e);
        }
    }

    // Schannel cannot use a key that is only in memory.
    private static X509Certificate2 Usable(X509Certificate2 certificate) => OperatingSystem.IsWindows()
        ? X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null)
        : certificate;
}
