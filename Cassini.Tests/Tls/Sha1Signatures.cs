using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Cassini.Tests.Tls;

/// <summary>Signs with SHA-1 whatever a request asks for, because <see cref="CertificateRequest"/> itself refuses it.</summary>
internal static class Sha1Signatures
{
    public static X509SignatureGenerator WithSha1(this X509SignatureGenerator inner) => new Generator(inner);

    /// <summary>With the hash named: what the generator itself may do.</summary>
    public static X509SignatureGenerator WithHash(this X509SignatureGenerator inner, string hash) =>
        new OtherHash(inner, new HashAlgorithmName(hash));

    private sealed class OtherHash(X509SignatureGenerator inner, HashAlgorithmName hash) : X509SignatureGenerator
    {
        public override byte[] GetSignatureAlgorithmIdentifier(HashAlgorithmName hashAlgorithm) =>
            hash == HashAlgorithmName.SHA1
                ? Convert.FromHexString("300D06092A864886F70D01010A3000") // id-RSASSA-PSS with the defaults: SHA-1, salt of 20 bytes
                : inner.GetSignatureAlgorithmIdentifier(hash);

        public override byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm) => inner.SignData(data, hash);

        protected override PublicKey BuildPublicKey() => inner.PublicKey;
    }

    private sealed class Generator(X509SignatureGenerator inner) : X509SignatureGenerator
    {
        public override byte[] GetSignatureAlgorithmIdentifier(HashAlgorithmName hashAlgorithm) =>
            Convert.FromHexString("300D06092A864886F70D0101050500"); // sha1WithRSAEncryption

        public override byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm) => inner.SignData(data, HashAlgorithmName.SHA1);

        protected override PublicKey BuildPublicKey() => inner.PublicKey;
    }
}
