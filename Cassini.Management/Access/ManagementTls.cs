using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Tls.Files;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Cassini.Management.Access;

/// <summary>
/// TLS for the management surface: the certificate in use at each handshake, and a client certificate that may be missing.
/// </summary>
internal static class ManagementTls
{
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);
    private static readonly object PresentedKey = new();

    public static void UseTls(this ListenOptions listen, CertificateStore certificates) => listen.UseHttps(new TlsHandshakeCallbackOptions
    {
        HandshakeTimeout = HandshakeTimeout,
        OnConnection = handshake => ValueTask.FromResult(Options(certificates.Current, handshake.Connection.Items)),
    });

    /// <summary>The intermediates that the caller sent in its handshake; a request has only its certificate.</summary>
    public static X509Certificate2Collection Presented(HttpContext context) =>
        context.Features.Get<IConnectionItemsFeature>()?.Items.TryGetValue(PresentedKey, out var presented) is true
            ? (X509Certificate2Collection)presented!
            : [];

    private static SslServerAuthenticationOptions Options(TlsMaterial material, IDictionary<object, object?> items) => new()
    {
        ServerCertificateContext = material.ManagementContext,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        EncryptionPolicy = EncryptionPolicy.RequireEncryption,
        ApplicationProtocols = [SslApplicationProtocol.Http11],
        ClientCertificateRequired = true,
        AllowRenegotiation = false,
        AllowTlsResume = false,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,

        // A kubelet has no certificate, and a caller with a bad one is anonymous: the certificate is checked at each request.
        RemoteCertificateValidationCallback = (_, _, chain, _) =>
        {
            if (chain?.ChainPolicy.ExtraStore is { Count: > 0 } presented)
            {
                // Copies, because SslStream disposes its own.
                X509Certificate2Collection copies =
                    [.. presented.Select(certificate => X509CertificateLoader.LoadCertificate(certificate.RawDataMemory.Span))];
                items[PresentedKey] = copies;
            }

            return true;
        },
    };
}
