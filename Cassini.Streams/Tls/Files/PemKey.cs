using System.Formats.Asn1;
using System.Security.Cryptography;

namespace Cassini.Streams.Tls.Files;

/// <summary>Reads the private key of a PEM file, which is found by its label: a public key or parameters may stand beside it.</summary>
internal static class PemKey
{
    private const string Ec = "EC";
    private const string Rsa = "RSA";
    private const string Pkcs8 = "PRIVATE KEY";

    /// <summary>Imports an EC key.</summary>
    /// <exception cref="TlsConfigurationException">
    /// The file does not have exactly one private key, or it is encrypted, of another kind, or cannot be read.
    /// </exception>
    public static void Import(ECDsa key, TlsFile file) => Import(key, file, Ec, content => key.ImportECPrivateKey(content, out _));

    /// <summary>Imports an RSA key.</summary>
    /// <exception cref="TlsConfigurationException">
    /// The file does not have exactly one private key, or it is encrypted, of another kind, or cannot be read.
    /// </exception>
    public static void Import(RSA key, TlsFile file) => Import(key, file, Rsa, content => key.ImportRSAPrivateKey(content, out _));

    private static void Import(AsymmetricAlgorithm key, TlsFile file, string wanted, Action<byte[]> importOwnForm)
    {
        var block = Find(file);
        try
        {
            if (KindOf(block) is var kind && kind != wanted)
            {
                throw file.ErrorAt(block.Line, $"a private key of the kind {kind}, but the certificate has a key of the kind {wanted}");
            }

            if (block.Label == Pkcs8)
            {
                key.ImportPkcs8PrivateKey(block.Content, out _);
            }
            else
            {
                importOwnForm(block.Content);
            }
        }
        catch (Exception e) when (e is CryptographicException or AsnContentException or PlatformNotSupportedException)
        {
            throw file.ErrorAt(block.Line, $"a private key that cannot be read: {e.Message}", e);
        }
    }

    /// <summary>What the label says, or within PKCS#8 (RFC 5208, 5) the algorithm's identifier.</summary>
    private static string KindOf(PemBlock block)
    {
        if (block.Label != Pkcs8)
        {
            return block.Label[..block.Label.IndexOf(' ', StringComparison.Ordinal)];
        }

        var info = new AsnReader(block.Content, AsnEncodingRules.BER).ReadSequence();
        info.ReadInteger();
        return info.ReadSequence().ReadObjectIdentifier() switch
        {
            "1.2.840.10045.2.1" => Ec,
            "1.2.840.113549.1.1.1" => Rsa,
            var other => new Oid(other).FriendlyName ?? other,
        };
    }

    private static PemBlock Find(TlsFile file) => PemReader.Read(file).Where(block => block.IsPrivateKey).ToArray() switch
    {
        [] => throw file.Error("is not PEM: it has no 'BEGIN PRIVATE KEY' block"),
        [{ Label: "ENCRYPTED PRIVATE KEY" } or { IsEncrypted: true }] =>
            throw file.Error("the key is encrypted; give it decrypted, readable by Cassini's user alone"),
        [var only] => only,
        [var first, var second, ..] => throw file.ErrorAt(
            second.Line, $"a second private key; the first is at line {first.Line}, and which one is meant is unclear"),
    };
}
