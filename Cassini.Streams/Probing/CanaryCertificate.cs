using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Probing;

/// <summary>The canary's own client certificate, read again when its files change. For one thread at a time.</summary>
internal sealed class CanaryCertificate(string certificatePath, string keyPath, ILogger logger)
{
    private (string Certificate, string Key) _read;
    private (X509Certificate2 Leaf, SslStreamCertificateContext Context)? _current;

    /// <summary>The certificate to present. Throws what <see cref="IsUnusable"/> knows when there never was a usable one.</summary>
    public (X509Certificate2 Leaf, SslStreamCertificateContext Context) Load()
    {
        try
        {
            var read = (File.ReadAllText(certificatePath), File.ReadAllText(keyPath));
            if (_current is null || read != _read)
            {
                _current = Parse(read.Item1, read.Item2);
                _read = read;
            }
        }
        catch (Exception failure) when (_current is not null && IsUnusable(failure))
        {
            // Perhaps in the middle of being replaced: the old one may still do, and its expiry is told anyway.
            ProbingLog.CertificateKept(logger, failure.Message);
        }

        return _current!.Value;
    }

    /// <summary>Whether the files cannot be read, or hold no certificate with its key.</summary>
    public static bool IsUnusable(Exception failure) =>
        failure is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException;

    private static (X509Certificate2, SslStreamCertificateContext) Parse(string certificate, string key)
    {
        var leaf = X509Certificate2.CreateFromPem(certificate, key);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(certificate);
        return (leaf, SslStreamCertificateContext.Create(leaf, chain, offline: true));
    }
}
