using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;

namespace Cassini.Streams.Tls.Clients;

/// <summary>
/// Finds the configured CAs that a configured CA above them has revoked. Their issuers are found by signature and not by the chain of a
/// handshake, because that has any CA of the right name.
/// </summary>
internal static class RevokedAuthorities
{
    /// <summary>A CA is revoked when it is on the list of its issuer, or when each of its configured issuers is revoked.</summary>
    /// <returns>By the fingerprint of a revoked CA the certificate that is on a list: itself or one above it.</returns>
    public static FrozenDictionary<string, X509Certificate2> Find(ImmutableArray<X509Certificate2> authorities, RevocationList? lists)
    {
        var revoked = new Dictionary<string, X509Certificate2>(StringComparer.Ordinal);
        if (lists is null)
        {
            return revoked.ToFrozenDictionary();
        }

        var issued = authorities.Select(authority => (Authority: authority, Issuers: IssuersOf(authority, authorities))).ToList();
        foreach (var (authority, issuers) in issued.Where(one => one.Issuers.Any(issuer => lists.IsRevoked(one.Authority, issuer))))
        {
            revoked[RevocationList.IssuerKey(authority)] = authority;
        }

        while (issued.Find(IsNewlyCut) is { Authority: not null } cut)
        {
            revoked[RevocationList.IssuerKey(cut.Authority)] = revoked[RevocationList.IssuerKey(cut.Issuers[0])];
        }

        return revoked.ToFrozenDictionary();

        bool IsNewlyCut((X509Certificate2 Authority, ImmutableArray<X509Certificate2> Issuers) one) =>
            one.Issuers.Length > 0
            && !revoked.ContainsKey(RevocationList.IssuerKey(one.Authority))
            && one.Issuers.All(issuer => revoked.ContainsKey(RevocationList.IssuerKey(issuer)));
    }

    /// <summary>None for a root: nobody is above it, also when it was renewed with the same key.</summary>
    private static ImmutableArray<X509Certificate2> IssuersOf(X509Certificate2 certificate, ImmutableArray<X509Certificate2> authorities) =>
        certificate.Subject == certificate.Issuer
            ? []
            : [.. authorities.Where(issuer => issuer.Subject == certificate.Issuer && SignedPath.IsSignedBy(certificate, issuer))];
}
