using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Tls.Development;

namespace Cassini.Load;

/// <summary>The servers' side of the certificates' directory.</summary>
internal static class ServerFiles
{
    public static X509Certificate2 Certificate(string directory) => X509Certificate2.CreateFromPemFile(
        Path.Combine(directory, DevelopmentCertificates.ServerFile), Path.Combine(directory, DevelopmentCertificates.ServerKeyFile));

    public static X509ChainPolicy ClientPolicy(string directory)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.ImportFromPemFile(Path.Combine(directory, DevelopmentCertificates.CaFile));
        return policy;
    }
}
