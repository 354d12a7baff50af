namespace Cassini.Streams.Tls;

/// <summary>One block of a PEM file.</summary>
/// <param name="Label">What stands behind BEGIN: <c>CERTIFICATE</c>.</param>
/// <param name="Line">The line of its BEGIN, from 1.</param>
/// <param name="Content">The decoded content; DER, unless it is encrypted.</param>
/// <param name="IsEncrypted">Whether its own headers say that the content is encrypted, the older form of an encrypted key.</param>
internal sealed record PemBlock(string Label, int Line, byte[] Content, bool IsEncrypted)
{
    public bool IsCertificate => Label is "CERTIFICATE" or "X509 CERTIFICATE";

    public bool IsRevocationList => Label is "X509 CRL" or "CRL";

    public bool IsPrivateKey => Label == "PRIVATE KEY" || Label.EndsWith(" PRIVATE KEY", StringComparison.Ordinal);
}
