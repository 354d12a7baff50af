using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Cassini.Streams.Tls.Clients;

/// <summary>
/// The serial numbers that the configured authorities have revoked. Immutable. A list applies only to certificates of the authority
/// that signed it, and still applies after <see cref="NextUpdate"/>: a revoked certificate stays revoked.
/// </summary>
internal sealed class RevocationList
{
    private readonly FrozenDictionary<string, FrozenSet<string>> _serialsByIssuer;
    private readonly FrozenDictionary<string, RevocationListAge> _ageByIssuer;

    internal RevocationList(
        FrozenDictionary<string, FrozenSet<string>> serialsByIssuer,
        FrozenDictionary<string, RevocationListAge> ageByIssuer,
        int count,
        string issuer,
        string fingerprint,
        DateTimeOffset thisUpdate,
        DateTimeOffset nextUpdate)
    {
        _serialsByIssuer = serialsByIssuer;
        _ageByIssuer = ageByIssuer;
        Count = count;
        Issuer = issuer;
        Fingerprint = fingerprint;
        ThisUpdate = thisUpdate;
        NextUpdate = nextUpdate;
    }

    /// <summary>The issuer of the list; of several lists, the issuer of the one that goes stale first.</summary>
    public string Issuer { get; }

    /// <summary>SHA-256 of the lists, hexadecimal.</summary>
    public string Fingerprint { get; }

    /// <summary>When the list was issued, UTC; of several lists, when the one that goes stale first was issued.</summary>
    public DateTimeOffset ThisUpdate { get; }

    /// <summary>
    /// When the list goes stale, UTC; of several lists the earliest; <see cref="DateTimeOffset.MaxValue"/> if it has no such time.
    /// </summary>
    public DateTimeOffset NextUpdate { get; }

    /// <summary>How many entries the lists have.</summary>
    public int Count { get; }

    /// <summary>Whether <paramref name="issuer"/> has revoked <paramref name="certificate"/>.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="issuer">The certificate that verified it.</param>
    public bool IsRevoked(X509Certificate2 certificate, X509Certificate2 issuer) =>
        IsRevoked(IssuedCertificate.Of(certificate, issuer));

    /// <summary>Whether its issuer has revoked <paramref name="certificate"/>.</summary>
    public bool IsRevoked(IssuedCertificate certificate) =>
        _serialsByIssuer.TryGetValue(certificate.Issuer, out var serials) && serials.Contains(certificate.Serial);

    /// <summary>
    /// Whether any authority has revoked its serial number: also one whose certificate was renewed after it verified this one.
    /// </summary>
    public bool MayBeRevoked(IssuedCertificate certificate) => _serialsByIssuer.Values.Any(serials => serials.Contains(certificate.Serial));

    /// <summary>
    /// Why these lists must not replace others: one of an authority is older, or missing, and what was revoked since would be valid again.
    /// </summary>
    /// <param name="before">The lists in use.</param>
    /// <param name="authorities">The authorities from now on; what others revoked no longer matters.</param>
    /// <returns>Null when nothing is older.</returns>
    public string? StepsBehind(RevocationList before, ImmutableArray<X509Certificate2> authorities)
    {
        foreach (var authority in authorities)
        {
            var key = IssuerKey(authority);
            if (!before._ageByIssuer.TryGetValue(key, out var inUse))
            {
                continue;
            }

            if (!_ageByIssuer.TryGetValue(key, out var age))
            {
                return $"has no revocation list of '{authority.Subject}' any more, and the one in use is {inUse}; "
                    + "a restart takes the file as it is";
            }

            if (age.IsBefore(inUse))
            {
                return $"the revocation list of '{authority.Subject}' is older than the one in use: it is {age}, and the one in use is "
                    + $"{inUse}; a restart takes the file as it is";
            }
        }

        return null;
    }

    internal static string IssuerKey(X509Certificate2 issuer) => issuer.GetCertHashString(HashAlgorithmName.SHA256);

    // Leading zeros depend on the encoding and are not part of the number.
    internal static string SerialKey(ReadOnlySpan<byte> bigEndian) => Convert.ToHexString(bigEndian.TrimStart((byte)0));
}
