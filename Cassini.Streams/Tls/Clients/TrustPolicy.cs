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
    /// For a client of our own that compares the certificate itself: SslStream builds a chain all the same, and would download the issuer
    /// from the address that the certificate names.
    /// </summary>
    public static X509ChainPolicy ForOurselves() => new()
    {
        RevocationMode = X509RevocationMode.NoCheck,
        DisableCertificateDownloads = true,
    };
}
