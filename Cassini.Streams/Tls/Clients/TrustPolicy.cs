using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Cassini.Streams.Tls.Clients;

/// <summary>How a chain is built: that of a client only to the configured CA, and none with data from the network.</summary>
internal static class TrustPolicy
{
    public static X509ChainPolicy ForClients(ImmutableArray<X509Certificate2> authorities)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.ApplicationPolicy.Add(new Oid(CertificateUsage.ClientAuthentication));
        policy.CustomTrustStore.AddRange(authorities.ToArray());
        return policy;
    }

    /// <summary>
    /// For the chain that SslStream builds of a client's certificate before it asks for our verdict. It has no way to leave that out, and
    /// the verdict does not look at it (<see cref="ClientCertificateJudge"/>). It trusts nobody: so the chain ends where it begins, and no
    /// signature is verified for nothing.
    /// </summary>
    public static X509ChainPolicy ForNoVerdict() => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        RevocationMode = X509RevocationMode.NoCheck,
        DisableCertificateDownloads = true,
    };

    /// <summary>
    /// For a client of our own that compares the certificate itself: SslStream builds a chain all the same, and would download the issuer
    /// from the address that the certificate names.
    /// </summary>
    public static X509ChainPolicy ForOurselves() => new()
    {
        RevocationMode = X509RevocationMode.NoCheck,
        DisableCertificateDownloads = true,
    };
}
