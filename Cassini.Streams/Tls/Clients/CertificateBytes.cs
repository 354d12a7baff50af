using System.Security.Cryptography.X509Certificates;

namespace Cassini.Streams.Tls.Clients;

/// <summary>
/// Certificates are the same when all their bytes are. Those of .NET are equal already when issuer and serial number are: a careless CA
/// gives one number twice, and anyone can copy both.
/// </summary>
internal sealed class CertificateBytes : IEqualityComparer<X509Certificate2>
{
    public static readonly CertificateBytes Same = new();

    private CertificateBytes()
    {
    }

    public bool Equals(X509Certificate2? x, X509Certificate2? y) =>
        x is null || y is null ? x is null && y is null : x.RawDataMemory.Span.SequenceEqual(y.RawDataMemory.Span);

    // Equal bytes have an equal issuer and serial number, and so an equal code.
    public int GetHashCode(X509Certificate2 obj) => obj.GetHashCode();
}
