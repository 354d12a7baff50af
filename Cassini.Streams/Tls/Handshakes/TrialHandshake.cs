using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Tls.Clients;

namespace Cassini.Streams.Tls.Handshakes;

/// <summary>
/// A handshake within the process between a server with a certificate and a client with the platform's ordinary curves, ciphers and
/// signature algorithms. It finds out whether any client can use the certificate, before the first one comes.
/// </summary>
internal static class TrialHandshake
{
    private static readonly SslProtocols[] Versions = [SslProtocols.Tls13, SslProtocols.Tls12];

    /// <summary>Tries the versions of TLS one after the other, on this thread, until one succeeds.</summary>
    /// <param name="served">The certificate with its intermediates.</param>
    /// <returns>Why the handshake failed with every version; null when one succeeded.</returns>
    public static Exception? Failure(SslStreamCertificateContext served)
    {
        Exception? first = null;
        foreach (var version in Versions)
        {
            if (Failure(served, version) is not { } failure)
            {
                return null;
            }

            first ??= failure;
        }

        return first;
    }

    private static Exception? Failure(SslStreamCertificateContext served, SslProtocols version)
    {
        var (near, far) = MemoryConnection.Create();
        using var server = new SslStream(near);
        using var client = new SslStream(far);
        var serving = server.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = served,
            EnabledSslProtocols = version,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            AllowTlsResume = false,
        });
        var connecting = client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            EnabledSslProtocols = version,
            CertificateChainPolicy = TrustPolicy.ForOurselves(),
            AllowTlsResume = false,

            // Not whether this machine trusts it, but whether a client can use it at all.
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
        });

        // Both have done by now all that they can. One that still waits for the other fails when that is closed.
        far.Dispose();
        near.Dispose();
        var failures = new[] { serving, connecting }.Select(side => side.Exception?.GetBaseException()).ToList();
        return failures.Find(failure => failure is not null)
            ?? (serving.IsCompletedSuccessfully && connecting.IsCompletedSuccessfully ? null : new IOException("it did not end"));
    }
}
