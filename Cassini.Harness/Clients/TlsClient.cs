using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Primitives;

namespace Cassini.Harness.Clients;

/// <summary>Opens TLS connections to brokers, with an error message for each kind of failure.</summary>
internal static class TlsClient
{
    /// <summary>Connects and completes the handshake.</summary>
    /// <exception cref="ClientException">There is no connection; the message says why.</exception>
    public static async Task<ObservedSslStream> ConnectAsync(BrokerAddress broker, TlsIdentity identity, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(broker.ToEndPoint(), cancellation);
            return await SecureAsync(new NetworkStream(socket, ownsSocket: true), broker, identity, cancellation);
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw ConnectionFailure.Of(exception, null, broker);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<ObservedSslStream> SecureAsync(
        NetworkStream network, BrokerAddress broker, TlsIdentity identity, CancellationToken cancellation)
    {
        string? objection = null;
        var stream = new ObservedSslStream(network);
        var options = identity.AsClientOf(broker.ServerName);
        options.RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
        {
            objection = ObjectionTo(certificate as X509Certificate2, chain, errors, broker.ServerName, identity.Names);
            return objection is null;
        };
        try
        {
            await stream.AuthenticateAsClientAsync(options, cancellation);
            return stream;
        }
        catch (Exception exception) when (exception is AuthenticationException or IOException)
        {
            await stream.DisposeAsync();
            throw new ClientException(
                $"{broker}: {objection ?? ProblemOf(exception)}",
                cause: exception);
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    private static string ProblemOf(Exception exception) => PlainAnswer.Is(exception)
        ? "answers without TLS; perhaps it is the management port, and not the port for MQTT clients"
        : $"TLS failed: {ConnectionFailure.Innermost(exception)}";

    private static string? ObjectionTo(
        X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors, string serverName, TlsSettingNames names)
    {
        if (errors == SslPolicyErrors.None)
        {
            return null;
        }

        if (certificate is null)
        {
            return "the broker presented no certificate";
        }

        var subject = SafeText.Of(certificate.Subject);
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
        {
            var states = chain?.ChainStatus.Select(status => status.Status).Distinct().ToList() ?? [];
            return states.Contains(X509ChainStatusFlags.UntrustedRoot) || states.Contains(X509ChainStatusFlags.PartialChain)
                ? $"the broker's certificate ('{subject}') is not of {names.CaInWords}: see {names.Ca}"
                : states.Contains(X509ChainStatusFlags.NotTimeValid)
                    ? $"the broker's certificate ('{subject}') is valid from {certificate.NotBefore.ToUniversalTime():u} "
                        + $"to {certificate.NotAfter.ToUniversalTime():u}"
                    : $"the broker's certificate ('{subject}') is not valid: {string.Join(", ", states)}";
        }

        return $"the broker's certificate ('{subject}') is not for '{SafeText.Of(serverName)}': see {names.ServerName}";
    }
}
