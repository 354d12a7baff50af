using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Events;
using Cassini.Streams.Tls;
using Cassini.Streams.Tls.Files;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Probing;

/// <summary>The canary's own client certificate, read again when its files change. For one thread at a time.</summary>
internal sealed class CanaryCertificate(string certificatePath, string keyPath, TimeProvider time, ILogger logger) : IDisposable
{
    private (byte[] Chain, byte[] Key) _read = ([], []);
    private (X509Certificate2 Leaf, SslStreamCertificateContext Context)? _current;
    private string? _problem;

    /// <summary>
    /// The certificate to present. It is valid until the next call, because that disposes it when the files have changed. When there
    /// never was a usable one, throws an exception that <see cref="IsUnusable"/> recognizes. What is wrong with the files is logged once.
    /// One that is not valid yet is not usable before its time, and an expired one does not replace another.
    /// </summary>
    public (X509Certificate2 Leaf, SslStreamCertificateContext Context) Load()
    {
        try
        {
            var (chain, key) = (Read(nameof(ProbingOptions.CanaryCertificatePath), certificatePath),
                Read(nameof(ProbingOptions.CanaryKeyPath), keyPath));
            if (_current is null || !_read.Chain.SequenceEqual(chain.Content) || !_read.Key.SequenceEqual(key.Content))
            {
                var next = Parse(chain, key);
                Dispose();
                _current = next;
                _read = (chain.Content, key.Content);
            }

            _problem = null;
        }
        catch (Exception failure) when (IsUnusable(failure))
        {
            var problem = (failure as TlsConfigurationException)?.SameProblem ?? failure.Message;
            if (problem != _problem)
            {
                _problem = problem;
                Log(failure);
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
    public static bool IsUnusable(Exception failure) => failure is TlsConfigurationException or CryptographicException;

    public void Dispose()
    {
        if (_current is { } current)
        {
            Dispose(current.Context.IntermediateCertificates);
            current.Leaf.Dispose();
        }
    }

    private void Log(Exception failure)
    {
        if (failure is TlsConfigurationException)
        {
            ProbingLog.CertificateUnusable(logger, failure.Message);
            ProbingLog.CertificateRefused(logger, failure);
        }
        else
        {
            ProbingLog.CertificateFailed(logger, failure);
        }
    }

    // The role is that of a broker's file. That is without effect here, because the message of an error does not show it.
    private static TlsFile Read(string setting, string path) => TlsFile.Read(CertificateRole.Server, $"Probing:{setting}", path);

    private (X509Certificate2, SslStreamCertificateContext) Parse(TlsFile chain, TlsFile key)
    {
        var certificates = PemCertificates.Read(chain);
        try
        {
            var leaf = PemCertificates.WithPrivateKey(certificates[0], chain, key);
            try
            {
                new Validity(time.GetUtcNow(), TakesExpired: _current is null).DemandOfAll(chain, certificates);
                return (leaf, SslStreamCertificateContext.Create(leaf, [.. certificates[1..]], offline: true));
            }
            catch
            {
                leaf.Dispose();
                throw;
            }
        }
        finally
        {
            Dispose(certificates); // The context has copies of those that it sends.
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
