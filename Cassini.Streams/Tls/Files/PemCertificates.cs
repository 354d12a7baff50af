using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Cassini.Streams.Tls.Files;

/// <summary>Reads certificates and keys from PEM text, with errors that say what to do.</summary>
internal static class PemCertificates
{
    // OpenSSL's default security level refuses shorter keys, but only when a client connects.
    private const int MinRsaBits = 2048;

    /// <exception cref="TlsConfigurationException">The file holds no certificate, or one that cannot be read.</exception>
    public static ImmutableArray<X509Certificate2> Read(TlsFile file)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(file.Text);
        }
        catch (CryptographicException e)
        {
            throw file.Error($"holds a certificate that cannot be read: {e.Message}", e);
        }

        return certificates.Count > 0
            ? [.. certificates]
            : throw file.Error("is not PEM: it has no 'BEGIN CERTIFICATE' block");
    }

    /// <exception cref="TlsConfigurationException">A certificate in the file is not that of a CA.</exception>
    public static ImmutableArray<X509Certificate2> ReadAuthorities(TlsFile file)
    {
        var certificates = Read(file);
        foreach (var certificate in certificates)
        {
            if (!IsAuthority(certificate, file))
            {
                throw file.Error($"'{certificate.Subject}' is not a CA certificate (basicConstraints lacks CA:TRUE)");
            }
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

    /// <summary>Joins a certificate with its private key.</summary>
    /// <exception cref="TlsConfigurationException">The key cannot be read, or belongs to another certificate.</exception>
    public static X509Certificate2 WithPrivateKey(X509Certificate2 certificate, TlsFile chain, TlsFile key)
    {
        var pem = key.Text;
        RequirePlainKey(key, pem);
        try
        {
            if (certificate.GetECDsaPublicKey() is { } ecPublic)
            {
                ecPublic.Dispose();
                using var ec = ECDsa.Create();
                ec.ImportFromPem(pem);
                return Usable(certificate.CopyWithPrivateKey(ec));
            }

            if (certificate.GetRSAPublicKey() is { } rsaPublic)
            {
                using (rsaPublic)
                {
                    if (rsaPublic.KeySize < MinRsaBits)
                    {
                        throw chain.Error($"the RSA key has {rsaPublic.KeySize} bits; at least {MinRsaBits} are needed");
                    }
                }

                using var rsa = RSA.Create();
                rsa.ImportFromPem(pem);
                return Usable(certificate.CopyWithPrivateKey(rsa));
            }
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            throw key.Error($"the key does not match the first certificate of {chain.Path} ('{certificate.Subject}')", e);
        }

        throw chain.Error($"'{certificate.Subject}' has a {certificate.PublicKey.Oid.FriendlyName} key; RSA and EC are supported");
    }

    private static void RequirePlainKey(TlsFile file, string pem)
    {
        var text = pem.AsSpan();
        var found = false;
        while (PemEncoding.TryFind(text, out var fields))
        {
            var label = text[fields.Label];
            if (label is "ENCRYPTED PRIVATE KEY")
            {
                throw Encrypted(file);
            }

            found |= label is "PRIVATE KEY" or "RSA PRIVATE KEY" or "EC PRIVATE KEY";
            text = text[fields.Location.End..];
        }

        // The older encrypted form has headers inside its block, so it is not strict PEM.
        if (pem.Contains("Proc-Type: 4,ENCRYPTED", StringComparison.Ordinal))
        {
            throw Encrypted(file);
        }

        if (!found)
        {
            throw file.Error("is not PEM: it has no 'BEGIN PRIVATE KEY' block");
        }
    }

    private static TlsConfigurationException Encrypted(TlsFile file) =>
        file.Error("the key is encrypted; give it decrypted, readable by Cassini's user alone");

    // Schannel cannot use a key that is only in memory.
    private static X509Certificate2 Usable(X509Certificate2 certificate) => OperatingSystem.IsWindows()
        ? X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null)
        : certificate;
}
