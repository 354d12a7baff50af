using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.X509;

namespace Cassini.Streams.Tls.Clients;

/// <summary>
/// Reads revocation lists, PEM or DER, and accepts only those that a configured authority signed. It uses BouncyCastle, because .NET's
/// own chain building cannot take a list from a file.
/// </summary>
internal static class RevocationListReader
{
    private static readonly string[] UnderstoodCriticalExtensions = [X509Extensions.IssuingDistributionPoint.Id];

    /// <exception cref="TlsConfigurationException">The file cannot be used.</exception>
    public static RevocationList Read(TlsFile file, ImmutableArray<X509Certificate2> authorities)
    {
        try
        {
            return ReadLists(file, authorities);
        }
        catch (Exception e) when (e is GeneralSecurityException or ArgumentException or IOException
            or InvalidCastException or InvalidOperationException or FormatException or AsnContentException)
        {
            // BouncyCastle parses lazily, and reports malformed bytes with any of these exceptions.
            throw file.Error("holds a revocation list that cannot be read: it is damaged, or no list", e);
        }
    }

    private static RevocationList ReadLists(TlsFile file, ImmutableArray<X509Certificate2> authorities)
    {
        var serials = new Dictionary<string, HashSet<string>>();
        var ages = new Dictionary<string, RevocationListAge>();
        var lists = new List<(X509Crl List, string Issuer)>();
        var count = 0;
        using var fingerprint = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var der in Encodings(file))
        {
            fingerprint.AppendData(der);
            var list = Parse(file, der);
            var issuers = IssuersOf(list, authorities);
            if (issuers.IsEmpty)
            {
                throw file.Error($"the revocation list of '{list.IssuerDN}' is not signed by a CA of Tls:CaPath{Doubt(list, authorities)}");
            }

            lists.Add((list, issuers[0].Subject));
            var revoked = Serials(list);
            var age = new RevocationListAge(Number(list), Utc(list.ThisUpdate));
            count += revoked.Length;
            foreach (var issuer in issuers)
            {
                var key = RevocationList.IssuerKey(issuer);
                (serials.TryGetValue(key, out var known) ? known : serials[key] = []).UnionWith(revoked);
                ages[key] = ages.TryGetValue(key, out var other) && age.IsBefore(other) ? other : age;
            }
        }

        var (first, subject) = lists.MinBy(entry => NextUpdate(entry.List));
        return new RevocationList(
            serials.ToFrozenDictionary(entry => entry.Key, entry => entry.Value.ToFrozenSet()),
            ages.ToFrozenDictionary(),
            count,
            subject,
            Convert.ToHexString(fingerprint.GetHashAndReset()),
            Utc(first.ThisUpdate),
            NextUpdate(first));
    }

    private static IReadOnlyList<byte[]> Encodings(TlsFile file)
    {
        // 0x30 opens a DER SEQUENCE, and the length of a list needs more than the one byte that a text could begin with.
        if (file.Content is [0x30, >= 0x80, ..])
        {
            return Values(file.Content);
        }

        byte[][] encodings = [.. PemReader.Read(file).Where(block => block.IsRevocationList).Select(block => block.Content)];
        return encodings.Length > 0 ? encodings : throw file.Error("is neither PEM (it has no 'BEGIN X509 CRL' block) nor DER");
    }

    /// <summary>The lists of a DER file, one directly after the other.</summary>
    private static List<byte[]> Values(ReadOnlySpan<byte> content)
    {
        var values = new List<byte[]>();
        while (!content.IsEmpty)
        {
            AsnDecoder.ReadEncodedValue(content, AsnEncodingRules.BER, out _, out _, out var length);
            values.Add(content[..length].ToArray());
            content = content[length..];
        }

        return values;
    }

    private static X509Crl Parse(TlsFile file, byte[] der)
    {
        var list = new X509Crl(der);

        // RFC 5280 §5.2: a list with a critical extension that is not understood must not be used.
        var foreign = (list.GetCriticalExtensionOids() ?? new HashSet<string>()).Except(UnderstoodCriticalExtensions).ToArray();
        if (foreign.Length > 0)
        {
            throw file.Error(foreign.Contains(X509Extensions.DeltaCrlIndicator.Id)
                ? "is a delta revocation list; give the complete one"
                : $"the revocation list has a critical extension that is not supported ({string.Join(", ", foreign)})");
        }

        if (list.GetExtensionValue(X509Extensions.IssuingDistributionPoint) is { } value
            && IssuingDistributionPoint.GetInstance(value.GetOctets()) is var point
            && (point.IsIndirectCrl || point.OnlyContainsCACerts || point.OnlyContainsAttributeCerts || point.OnlySomeReasons is not null))
        {
            throw file.Error("is a partial or indirect revocation list; give the complete one of the CA");
        }

        RequireUnderstoodEntries(file, list);
        return list;
    }

    /// <summary>RFC 5280 §5.3: a list with an entry that has a critical extension that is not understood must not be used.</summary>
    private static void RequireUnderstoodEntries(TlsFile file, X509Crl list)
    {
        foreach (var entry in Entries(list))
        {
            if (entry.GetCriticalExtensionOids() is { Count: > 0 } critical)
            {
                throw file.Error(
                    $"the revocation list of '{list.IssuerDN}' has a critical extension that is not supported "
                    + $"({string.Join(", ", critical)}) in its entry for serial {entry.SerialNumber.ToString(16).ToUpperInvariant()}");
            }
        }
    }

    // BouncyCastle returns null for a list without entries.
    private static IEnumerable<X509CrlEntry> Entries(X509Crl list) => list.GetRevokedCertificates() ?? Enumerable.Empty<X509CrlEntry>();

    private static string[] Serials(X509Crl list) =>
        [.. Entries(list).Select(entry => RevocationList.SerialKey(entry.SerialNumber.ToByteArray()))];

    // A CA that was renewed with the same key has two certificates, and the list applies to both.
    private static ImmutableArray<X509Certificate2> IssuersOf(X509Crl list, ImmutableArray<X509Certificate2> authorities) =>
        [.. authorities.Where(authority => IsSignedBy(list, authority))];

    private static bool IsSignedBy(X509Crl list, X509Certificate2 authority)
    {
        var issuer = new Org.BouncyCastle.X509.X509Certificate(authority.RawData);
        if (!list.IssuerDN.Equivalent(issuer.SubjectDN) || !MaySignLists(authority))
        {
            return false;
        }

        try
        {
            list.Verify(issuer.GetPublicKey());
            return true;
        }
        catch (Exception e) when (e is GeneralSecurityException or ArgumentException or SecurityUtilityException)
        {
            return false;
        }
    }

    /// <summary>Why the list may be signed by a CA all the same: lists are not verified with keys of all kinds.</summary>
    private static string Doubt(X509Crl list, ImmutableArray<X509Certificate2> authorities)
    {
        var namesake = authorities.FirstOrDefault(
            authority => list.IssuerDN.Equivalent(new Org.BouncyCastle.X509.X509Certificate(authority.RawData).SubjectDN));
        return namesake is null || IsKnownKey(namesake)
            ? ""
            : $": the key of '{namesake.Subject}' is of a kind with which no list can be verified ({namesake.PublicKey.Oid.Value})";
    }

    private static bool IsKnownKey(X509Certificate2 authority)
    {
        try
        {
            _ = new Org.BouncyCastle.X509.X509Certificate(authority.RawData).GetPublicKey();
            return true;
        }
        catch (SecurityUtilityException)
        {
            return false;
        }
    }

    private static bool MaySignLists(X509Certificate2 authority) =>
        authority.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is not { } usage
        || usage.KeyUsages.HasFlag(X509KeyUsageFlags.CrlSign);

    private static BigInteger? Number(X509Crl list) => list.GetExtensionValue(X509Extensions.CrlNumber) is { } value
        ? new BigInteger(DerInteger.GetInstance(value.GetOctets()).Value.ToByteArray(), isBigEndian: true)
        : null;

    private static DateTimeOffset NextUpdate(X509Crl list) => list.NextUpdate is { } next ? Utc(next) : DateTimeOffset.MaxValue;

    private static DateTimeOffset Utc(DateTime time) => new(DateTime.SpecifyKind(time, DateTimeKind.Utc));
}
