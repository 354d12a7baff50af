using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Tls.Files;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Cassini.Management.Access;

/// <summary>
/// TLS for the management surface: the certificate in use at each handshake, and a client certificate that may be missing.
/// </summary>
internal static class ManagementTls
{
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);

    public static void UseTls(this ListenOptions listen, CertificateStore certificates) => listen.UseHttps(new TlsHandshakeCallbackOptions
    {
        HandshakeTimeout = HandshakeTimeout,
        OnConnection = _ => ValueTask.FromResult(Options(certificates.Current)),
    });

    private static SslServerAuthenticationOptions Options(TlsMaterial material) => new()
    {
        ServerCertificateContext = material.ManagementContext,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        EncryptionPolicy = EncryptionPolicy.RequireEncryption,
        ApplicationProtocols = [SslApplicationProtocol.Http11],
        ClientCertificateRequired = true,
        AllowRenegotiation = false,
        AllowTlsResume = false,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,

        // A kubelet has no certificate, and a caller with a bad one is anonymous: the certificate is checked at each request. Here the
        // intermediates that the client sent along become known, which a request does not have.
        RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
        {
            if (certificate is X509Certificate2 presented)
            {
                material.Judge(presented, chain?.ChainPolicy.ExtraStore ?? []);
            }

            return true;
        },
    };
}
