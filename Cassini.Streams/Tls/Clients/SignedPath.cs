using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using Org.BouncyCastle.Security;

namespace Cassini.Streams.Tls.Clients;

/// <summary>
/// Finds the issuers of a certificate by their signatures, for certificates that do not name the key of their issuer: the platform then
/// takes any issuer of the right name, and tries no other.
/// </summary>
internal static class SignedPath
{
    private const int MaxLength = 8;

    /// <summary>A client that sends many certificates of one name must not make the broker verify them all.</summary>
    private const int MaxVerified = 32;

    /// <summary>
    /// The certificates from <paramref name="leaf"/> to an authority, both included, each signed by the next; null when there is no such
    /// path. Nothing else is checked.
    /// </summary>
    public static ImmutableArray<X509Certificate2>? Find(
        X509Certificate2 leaf, X509Certificate2Collection intermediates, ImmutableArray<X509Certificate2> authorities)
    {
        var left = MaxVerified;
        return Find([leaf], intermediates, authorities, ref left);
    }

    /// <summary>Whether the issuer's key made the signature.</summary>
    public static bool IsSignedBy(X509Certificate2 certificate, X509Certificate2 issuer)
    {
        try
        {
            new Org.BouncyCastle.X509.X509Certificate(certificate.RawData).Verify(
                new Org.BouncyCastle.X509.X509Certificate(issuer.RawData).GetPublicKey());
            return true;
        }
        catch (Exception e) when (e is GeneralSecurityException or ArgumentException or IOException
            or InvalidCastException or InvalidOperationException or FormatException)
        {
            // BouncyCastle reports a wrong signature, and bytes that it cannot read, with any of these.
            return false;
        }
    }

    private static ImmutableArray<X509Certificate2>? Find(
        ImmutableArray<X509Certificate2> path, X509Certificate2Collection intermediates,
        ImmutableArray<X509Certificate2> authorities, ref int left)
    {
        foreach (var issuer in authorities.Concat(path.Length < MaxLength ? intermediates : []))
        {
            if (issuer.Subject != path[^1].Issuer || path.Contains(issuer) || left-- <= 0 || !IsSignedBy(path[^1], issuer))
            {
                continue;
            }

            if (authorities.Contains(issuer))
            {
                return path.Add(issuer);
            }

            if (Find(path.Add(issuer), intermediates, authorities, ref left) is { } found)
            {
                return found;
            }
        }

        return null;
    }
}
