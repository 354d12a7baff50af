using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Cassini.Load;

/// <summary>The clients' side of mutual TLS. Unless it may resume, each connect pays for a full handshake.</summary>
internal sealed class ClientTls
{
    private readonly SslStreamCertificateContext _client;
    private readonly X509ChainPolicy _policy;
    private readonly bool _resume;

    /// <exception cref="LoadException">The directory does not have the files.</exception>
    public ClientTls(string directory, string name = "client", bool resume = false)
    {
        _resume = resume;
        try
        {
            var certificate = X509Certificate2.CreateFromPemFile(
                Path.Combine(directory, $"{name}.pem"), Path.Combine(directory, $"{name}.key"));
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
        AllowTlsResume = _resume,
    };
}
