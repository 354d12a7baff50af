using System.Security.Cryptography.X509Certificates;

namespace Cassini.Streams.Tls.Clients;

/// <summary>
/// The intermediates on the paths of accepted clients, kept beyond a reload, because a resumed TLS session has the client's certificate
/// without them. They are not trusted; they only help to build the chain to the CA. Thread-safe.
/// </summary>
internal sealed class KnownIntermediates
{
    private const int Capacity = 64;

    private readonly Lock _lock = new();

    /// <summary>Ordered by when a client was last judged with them, oldest first. The array is replaced, never changed.</summary>
    private volatile X509Certificate2[] _certificates = [];

    /// <summary>The intermediates that a client sent, and the known ones.</summary>
    public X509Certificate2Collection With(X509Certificate2Collection presented)
    {
        var all = new X509Certificate2Collection(presented);
        all.AddRange(_certificates);
        return all;
    }

    /// <summary>
    /// Keeps the intermediates on the path of an accepted client. When there are too many, evicts those with which a client was judged
    /// longest ago.
    /// </summary>
    public void Remember(IEnumerable<X509Certificate2> intermediates)
    {
        foreach (var certificate in intermediates)
        {
            // A copy, because the judge disposes its own.
            var copy = Find(certificate) ?? X509CertificateLoader.LoadCertificate(certificate.RawDataMemory.Span);
            lock (_lock)
            {
                var newest = Find(certificate) ?? copy;

                // An evicted certificate is not disposed, because a handshake may be using it.
                _certificates = [.. _certificates.Where(known => known != newest).TakeLast(Capacity - 1), newest];
            }
        }
    }

    private X509Certificate2? Find(X509Certificate2 certificate) =>
        Array.Find(_certificates, known => known.Thumbprint == certificate.Thumbprint);
}
