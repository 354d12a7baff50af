using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Cassini.Streams.Tls.Clients;

/// <summary>
/// The certificates that were accepted with one set of files, so that a client that connects again is not judged from the beginning:
/// only time can change the verdict, because CA and revocation list are the same. It also makes it possible to judge a resumed TLS
/// session, which has the client's certificate without its intermediates. Thread-safe.
/// </summary>
internal sealed class VerdictCache(ClientCertificateJudge judge, TimeProvider time)
{
    private const int Capacity = 10_000;

    private readonly ConcurrentDictionary<string, ClientVerdict> _accepted = new(StringComparer.Ordinal);
    private int _count;

    /// <summary>Judges a certificate, or returns the cached verdict.</summary>
    /// <param name="certificate">The certificate that the client presented; null if it presented none.</param>
    /// <param name="presented">The intermediates that the client sent.</param>
    /// <param name="isResumed">Whether TLS was resumed, so that the client sent no intermediates.</param>
    public ClientVerdict Judge(X509Certificate2? certificate, X509Certificate2Collection presented, bool isResumed)
    {
        if (certificate is null)
        {
            return ClientVerdict.NoCertificate;
        }

        var key = Convert.ToHexString(SHA256.HashData(certificate.RawDataMemory.Span));
        var now = CertificateTimes.ToTheSecond(time.GetUtcNow());
        if (_accepted.TryGetValue(key, out var known) && known.Path is { } path
            && now >= path.From && now <= path.Until && (isResumed || IsPresented(path, presented)))
        {
            return known;
        }

        var verdict = judge.Judge(certificate, presented, isResumed);
        if (verdict.Path is not null)
        {
            Keep(key, verdict);
        }

        return verdict;
    }

    /// <summary>What another client, or this one at another time, sent does not count.</summary>
    private static bool IsPresented(AcceptedPath path, X509Certificate2Collection presented) =>
        path.Intermediates.All(thumbprint => presented.Any(certificate => certificate.Thumbprint == thumbprint));

    private void Keep(string key, ClientVerdict verdict)
    {
        if (!_accepted.TryAdd(key, verdict))
        {
            _accepted[key] = verdict;
            return;
        }

        if (Interlocked.Increment(ref _count) > Capacity)
        {
            // Clearing is rare, and costs less than tracking the last use: then every client is judged once again.
            _accepted.Clear();
            Interlocked.Exchange(ref _count, 0);
        }
    }
}
