using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Probing;

/// <summary>The canary's own client certificate, read again when its files change. For one thread at a time.</summary>
internal sealed class CanaryCertificate(string certificatePath, string keyPath, ILogger logger) : IDisposable
{
    private (string Certificate, string Key) _read;
    private (X509Certificate2 Leaf, SslStreamCertificateContext Context)? _current;
    private string? _problem;

    /// <summary>
    /// The certificate to present. It is valid until the next call, because that disposes it when the files have changed. When there
    /// never was a usable one, throws an exception that <see cref="IsUnusable"/> recognizes. What is wrong with the files is logged once.
    /// </summary>
    public (X509Certificate2 Leaf, SslStreamCertificateContext Context) Load()
    {
        try
        {
            var read = (File.ReadAllText(certificatePath), File.ReadAllText(keyPath));
            if (_current is null || read != _read)
            {
                var next = Parse(read.Item1, read.Item2);
                Dispose();
                _current = next;
                _read = read;
            }

            _problem = null;
        }
        catch (Exception failure) when (IsUnusable(failure))
        {
            if (failure.Message != _problem)
            {
                ProbingLog.CertificateUnusable(logger, failure);
                _problem = failure.Message;
            }

            // The files may be half replaced. The old certificate may still be valid, and its expiry is reported anyway.
            if (_current is null)
            {
                throw;
            }
        }

        return _current!.Value;
    }

    /// <summary>Whether the files cannot be read, or hold no certificate with its key.</summary>
    public static bool IsUnusable(Exception failure) =>
        failure is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException;

    public void Dispose()
    {
        if (_current is { } current)
        {
            Dispose(current.Context.IntermediateCertificates);
            current.Leaf.Dispose();
        }
    }

    private static (X509Certificate2, SslStreamCertificateContext) Parse(string certificate, string key)
    {
        var leaf = X509Certificate2.CreateFromPem(certificate, key);
        var chain = new X509Certificate2Collection();
        try
        {
            chain.ImportFromPem(certificate);
            return (leaf, SslStreamCertificateContext.Create(leaf, chain, offline: true));
        }
        catch
        {
            leaf.Dispose();
            throw;
        }
        finally
        {
            Dispose(chain); // The context has copies of those that it sends.
        }
    }

    private static void Dispose(IEnumerable<X509Certificate2> certificates)
    {
        foreach (var certificate in certificates)
        {
            certificate.Dispose();
        }
    }
}
