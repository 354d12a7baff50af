using System.Security.Cryptography;

namespace Cassini.Streams.Tls.Files;

/// <summary>Reads the private key of a PEM file, which is found by its label: a public key or parameters may stand beside it.</summary>
internal static class PemKey
{
    /// <summary>Imports an EC key.</summary>
    /// <exception cref="TlsConfigurationException">The file does not have exactly one private key, or it is encrypted.</exception>
    /// <exception cref="CryptographicException">The key is not an EC key.</exception>
    public static void Import(ECDsa key, TlsFile file)
    {
        var block = Find(file);
        switch (block.Label)
        {
            case "PRIVATE KEY":
                key.ImportPkcs8PrivateKey(block.Content, out _);
                break;
            case "EC PRIVATE KEY":
                key.ImportECPrivateKey(block.Content, out _);
                break;
            default:
                throw new CryptographicException($"a key of the kind {block.Label} is not an EC key");
        }
    }

    /// <summary>Imports an RSA key.</summary>
    /// <exception cref="TlsConfigurationException">The file does not have exactly one private key, or it is encrypted.</exception>
    /// <exception cref="CryptographicException">The key is not an RSA key.</exception>
    public static void Import(RSA key, TlsFile file)
    {
        var block = Find(file);
        switch (block.Label)
        {
            case "PRIVATE KEY":
                key.ImportPkcs8PrivateKey(block.Content, out _);
                break;
            case "RSA PRIVATE KEY":
                key.ImportRSAPrivateKey(block.Content, out _);
                break;
            default:
                throw new CryptographicException($"a key of the kind {block.Label} is not an RSA key");
        }
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
