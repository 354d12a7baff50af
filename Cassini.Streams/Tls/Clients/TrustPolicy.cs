using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Cassini.Streams.Tls.Clients;

/// <summary>How a client's chain is built: only to the configured CA, and never with data from the network.</summary>
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
}
