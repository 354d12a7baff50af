using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Events;
using MQTTnet.Channel;

namespace Cassini.Web.Cli.Messaging;

/// <summary>
/// Opens the connection, TLS and all, in place of MQTTnet: so that the client's intermediates are sent along, and every way to fail
/// has its own words.
/// </summary>
internal sealed class TlsStreamProvider(ConnectionOptions options, ClientTls tls) : IMqttClientStreamProvider
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private volatile ObservedSslStream? _stream;

    /// <summary>What made reading from the broker fail, if anything did.</summary>
    public Exception? ReadFailure => _stream?.Failure;

    public async Task<Stream> ConnectAsync(EndPoint brokerEndPoint, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(brokerEndPoint, cancellationToken);
            return _stream = await SecureAsync(new NetworkStream(socket, ownsSocket: true), cancellationToken);
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw new MessagingException($"{options.Broker}: {SocketText.Of(exception.SocketErrorCode)}", cause: exception);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<ObservedSslStream> SecureAsync(NetworkStream network, CancellationToken cancellation)
    {
        string? objection = null;
        var stream = new ObservedSslStream(network);
        try
        {
            await stream.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = options.ServerName,
                    EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                    ClientCertificateContext = tls.Own,
                    CertificateChainPolicy = Policy(),
                    RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
                    {
                        objection = ObjectionTo(certificate as X509Certificate2, chain, errors);
                        return objection is null;
                    },
                },
                cancellation);
            return stream;
        }
        catch (Exception exception) when (exception is AuthenticationException or IOException)
        {
            await stream.DisposeAsync();
            throw new MessagingException(
                objection is null ? $"{options.Broker}: TLS failed: {ConnectionFailure.Innermost(exception)}" : $"{options.Broker}: {objection}", cause: exception);
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    private X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        policy.CustomTrustStore.AddRange(tls.Authorities);
        return policy;
    }

    private string? ObjectionTo(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
        {
            return null;
        }

        if (certificate is null)
        {
            return "the broker showed no certificate";
        }

        var subject = TerminalText.Escape(certificate.Subject);
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
        {
            var states = chain?.ChainStatus.Select(status => status.Status).Distinct().ToList() ?? [];
            return states.Contains(X509ChainStatusFlags.UntrustedRoot) || states.Contains(X509ChainStatusFlags.PartialChain)
                ? $"the broker's certificate ('{subject}') is not of the CA that was given: see --ca"
                : states.Contains(X509ChainStatusFlags.NotTimeValid)
                    ? $"the broker's certificate ('{subject}') is valid from {certificate.NotBefore.ToUniversalTime():u} to {certificate.NotAfter.ToUniversalTime():u}"
                    : $"the broker's certificate ('{subject}') is not valid: {string.Join(", ", states)}";
        }

        return $"the broker's certificate ('{subject}') is not for '{TerminalText.Escape(options.ServerName)}': see --server-name";
    }
}
