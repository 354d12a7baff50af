using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Tls.Clients;

/// <summary>The identity in a certificate, in a form that is safe to log and to use as a key.</summary>
internal static class ClientIdentity
{
    public const int MaxLength = 128;

    private const string CommonName = "2.5.4.3";
    private const string SubjectAlternativeName = "2.5.29.17";

    public static string Of(X509Certificate2 certificate, IdentitySource source = IdentitySource.CommonName)
    {
        try
        {
            var name = source == IdentitySource.SubjectAlternativeName
                ? FirstAlternativeName(certificate) ?? FirstCommonName(certificate)
                : FirstCommonName(certificate) ?? FirstAlternativeName(certificate);
            return Printable(name ?? certificate.Subject);
        }
        catch (Exception e) when (e is CryptographicException or AsnContentException or FormatException)
        {
            // A name that cannot be decoded is no identity; the fingerprint still distinguishes certificates.
            return $"sha256:{certificate.GetCertHashString(HashAlgorithmName.SHA256)}";
        }
    }

    /// <summary>
    /// Escapes characters that could forge a log line or control a terminal, and bounds the length. A digest keeps two long names distinct.
    /// </summary>
    public static string Printable(string name, int maxLength = MaxLength)
    {
        var text = SafeText.Of(name);
        if (text.Length <= maxLength)
        {
            return text;
        }

        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 8));
        return SafeText.Of(name, maxLength - digest.Length) + digest;
    }

    private static string? FirstCommonName(X509Certificate2 certificate)
    {
        foreach (var part in certificate.SubjectName.EnumerateRelativeDistinguishedNames())
        {
            if (!part.HasMultipleElements && part.GetSingleElementType().Value == CommonName
                && part.GetSingleElementValue() is { } name && !string.IsNullOrWhiteSpace(name))
            {
                return name;
            }
        }

        return null;
    }

    private static string? FirstAlternativeName(X509Certificate2 certificate)
    {
        var extension = certificate.Extensions.FirstOrDefault(e => e.Oid?.Value == SubjectAlternativeName);
        if (extension is null)
        {
            return null;
        }

        // GeneralName, RFC 5280 §4.2.1.6: rfc822Name [1], dNSName [2], uniformResourceIdentifier [6].
        var names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
        while (names.HasData)
        {
            var tag = names.PeekTag();
            if (tag.TagClass != TagClass.ContextSpecific || tag.TagValue is not (1 or 2 or 6))
            {
                names.ReadEncodedValue();
            }
            else if (names.ReadCharacterString(UniversalTagNumber.IA5String, tag) is { Length: > 0 } name)
            {
                return name;
            }
        }

        return null;
    }
}
