using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Cassini.Load;

/// <summary>The clients' side of mutual TLS. Nothing is resumed: each connect pays for a full handshake.</summary>
internal sealed class ClientTls
{
    private readonly SslStreamCertificateContext _client;
    private readonly X509ChainPolicy _policy;

    /// <exception cref="LoadException">The directory does not have the files.</exception>
    public ClientTls(string directory)
    {
        try
        {
            var certificate = X509Certificate2.CreateFromPemFile(
                Path.Combine(directory, "client.pem"), Path.Combine(directory, "client.key"));
            _client = SslStreamCertificateContext.Create(certificate, null, offline: true);
            _policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            _policy.CustomTrustStore.ImportFromPemFile(Path.Combine(directory, "ca.pem"));
        }
        catch (IOException e)
        {
            throw new LoadException($"no certificates in '{directory}': {e.Message}");
        }
    }

    public SslClientAuthenticationOptions Options => new()
    {
        TargetHost = "localhost",
        ClientCertificateContext = _client,
        CertificateChainPolicy = _policy,
        AllowTlsResume = false,
    };
}
