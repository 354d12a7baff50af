using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Cassini.Streams.Tls.Clients;

/// <summary>
/// The serial numbers that the configured authorities have revoked. Immutable. A list speaks only of the certificates of the
/// authority that signed it, and keeps its word after <see cref="NextUpdate"/>: a revoked certificate stays revoked.
/// </summary>
internal sealed class RevocationList
{
    private readonly FrozenDictionary<string, FrozenSet<string>> _serialsByIssuer;

    internal RevocationList(
        FrozenDictionary<string, FrozenSet<string>> serialsByIssuer,
        int count,
        string issuer,
        string fingerprint,
        DateTimeOffset thisUpdate,
        DateTimeOffset nextUpdate)
    {
        _serialsByIssuer = serialsByIssuer;
        Count = count;
        Issuer = issuer;
        Fingerprint = fingerprint;
        ThisUpdate = thisUpdate;
        NextUpdate = nextUpdate;
    }

    /// <summary>Who signed it; of several lists the one that goes stale first.</summary>
    public string Issuer { get; }

    /// <summary>SHA-256 of the lists, hexadecimal.</summary>
    public string Fingerprint { get; }

    /// <summary>When it was made, UTC; of several lists the one that goes stale first.</summary>
    public DateTimeOffset ThisUpdate { get; }

    /// <summary>When it goes stale, UTC; the earliest of several lists; <see cref="DateTimeOffset.MaxValue"/> if it does not say.</summary>
    public DateTimeOffset NextUpdate { get; }

    /// <summary>How many entries the lists have.</summary>
    public int Count { get; }

    /// <summary>Whether <paramref name="issuer"/> has revoked <paramref name="certificate"/>.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="issuer">The certificate that verified it.</param>
    public bool IsRevoked(X509Certificate2 certificate, X509Certificate2 issuer) =>
        _serialsByIssuer.TryGetValue(IssuerKey(issuer), out var serials) && serials.Contains(SerialKey(certificate.SerialNumberBytes.Span));

    internal static string IssuerKey(X509Certificate2 issuer) => issuer.GetCertHashString(HashAlgorithmName.SHA256);

    // Leading zeros are a matter of encoding, not of the number.
    internal static string SerialKey(ReadOnlySpan<byte> bigEndian) => Convert.ToHexString(bigEndian.TrimStart((byte)0));
}
