using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Cassini.Harness.Clients;

/// <summary>The certificate that one side of TLS presents, and the authorities that it trusts.</summary>
/// <param name="Authorities">The authorities that the peer's certificate must come from; empty for those of the machine.</param>
/// <param name="Own">The own certificate with its key and its intermediates; null to present none.</param>
/// <param name="Names">The settings that the two come from.</param>
internal sealed record TlsIdentity(X509Certificate2Collection Authorities, SslStreamCertificateContext? Own, TlsSettingNames Names)
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    public SslClientAuthenticationOptions AsClientOf(string host) => new()
    {
        TargetHost = host,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ClientCertificateContext = Own,
        CertificateChainPolicy = Trust(ServerAuthentication),
    };

    /// <summary>For a server that accepts only clients with a certificate of the authorities.</summary>
    public SslServerAuthenticationOptions AsServer() => new()
    {
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ServerCertificateContext = Own,
        ClientCertificateRequired = true,
        CertificateChainPolicy = Trust(ClientAuthentication),
    };

    private X509ChainPolicy? Trust(string usage)
    {
        if (Authorities.Count == 0)
        {
            return null;
        }

        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.ApplicationPolicy.Add(new Oid(usage));
        policy.CustomTrustStore.AddRange(Authorities);
        return policy;
    }
}
