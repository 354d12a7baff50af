using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;

namespace Cassini.Streams.Tls.Clients;

/// <summary>
/// Intermediates that accepted clients sent along, kept beyond a reload: a resumed TLS session brings the client's certificate without them.
/// They earn no trust, they only help to find the way. Thread-safe.
/// </summary>
internal sealed class KnownIntermediates
{
    private const int Capacity = 64;

    private readonly Lock _lock = new();
    private ImmutableDictionary<string, X509Certificate2> _certificates = ImmutableDictionary<string, X509Certificate2>.Empty;

    /// <summary>What a client sent, and what is known besides.</summary>
    public X509Certificate2Collection With(X509Certificate2Collection presented)
    {
        var all = new X509Certificate2Collection(presented);
        all.AddRange(Volatile.Read(ref _certificates).Values.ToArray());
        return all;
    }

    public void Remember(X509Certificate2Collection presented)
    {
        foreach (var certificate in presented)
        {
            var key = certificate.Thumbprint;
            if (_certificates.Count >= Capacity || _certificates.ContainsKey(key))
            {
                continue;
            }

            // A copy, since the handshake's own is disposed with it.
            var copy = X509CertificateLoader.LoadCertificate(certificate.RawDataMemory.Span);
            lock (_lock)
            {
                Volatile.Write(ref _certificates, _certificates.SetItem(key, copy));
            }
        }
    }
}
