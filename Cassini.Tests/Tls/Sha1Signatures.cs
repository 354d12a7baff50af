using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Cassini.Tests.Tls;

/// <summary>Signs with SHA-1 whatever a request asks for, because <see cref="CertificateRequest"/> itself refuses it.</summary>
internal static class Sha1Signatures
{
    public static X509SignatureGenerator WithSha1(this X509SignatureGenerator inner) => new Generator(inner);

    private sealed class Generator(X509SignatureGenerator inner) : X509SignatureGenerator
    {
        public override byte[] GetSignatureAlgorithmIdentifier(HashAlgorithmName hashAlgorithm) =>
            Convert.FromHexString("300D06092A864886F70D0101050500"); // sha1WithRSAEncryption

        public override byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm) => inner.SignData(data, HashAlgorithmName.SHA1);

        protected override PublicKey BuildPublicKey() => inner.PublicKey;
    }
}
