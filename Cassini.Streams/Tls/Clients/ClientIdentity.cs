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

    /// <summary>The identity; empty for a certificate without any name, which is refused.</summary>
    public static string Of(X509Certificate2 certificate, IdentitySource source = IdentitySource.CommonName)
    {
        try
        {
            var name = source == IdentitySource.SubjectAlternativeName
                ? FirstAlternativeName(certificate) ?? FirstCommonName(certificate)
                : FirstCommonName(certificate) ?? FirstAlternativeName(certificate);
            return Printable(name ?? certificate.Subject.Trim());
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
            var name = part.HasMultipleElements ? CommonNameIn(part.RawData)
                : part.GetSingleElementType().Value == CommonName ? part.GetSingleElementValue()
                : null;
            if (!string.IsNullOrWhiteSpace(name))
            {
                return name;
            }
        }

        return null;
    }

    /// <summary>
    /// The CN of a relative name with several parts, as in <c>CN=probe-7+serialNumber=42</c> (X.501: a SET OF type and value), which .NET
    /// does not read.
    /// </summary>
    private static string? CommonNameIn(ReadOnlyMemory<byte> relativeName)
    {
        var parts = new AsnReader(relativeName, AsnEncodingRules.BER).ReadSetOf(skipSortOrderValidation: true);
        while (parts.HasData)
        {
            var part = parts.ReadSequence();
            if (part.ReadObjectIdentifier() == CommonName && Text(part) is { } name && !string.IsNullOrWhiteSpace(name))
            {
                return name;
            }
        }

        return null;
    }

    // DirectoryString, RFC 5280 §4.1.2.4.
    private static string? Text(AsnReader value) => value.PeekTag() is { TagClass: TagClass.Universal, TagValue: var type }
        && (UniversalTagNumber)type is UniversalTagNumber.UTF8String or UniversalTagNumber.PrintableString
            or UniversalTagNumber.T61String or UniversalTagNumber.BMPString or UniversalTagNumber.IA5String
            ? value.ReadCharacterString((UniversalTagNumber)type)
            : null;

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
            else if (names.ReadCharacterString(UniversalTagNumber.IA5String, tag) is var name && !string.IsNullOrWhiteSpace(name))
            {
                return name;
            }
        }

        return null;
    }
}
