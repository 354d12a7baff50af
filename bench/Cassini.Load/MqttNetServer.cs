using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using MQTTnet.Server;

namespace Cassini.Load;

/// <summary>A peer: MQTTnet's server, mutual TLS, queues so long that a load drops nothing. Runs until it is killed.</summary>
internal static class MqttNetServer
{
    private const int Pending = 100_000;

    /// <exception cref="FormatException">The port or the certificates are missing.</exception>
    public static async Task RunAsync(LoadOptions options)
    {
        var directory = options is { Port: > 0, Certificates: { } certificates }
            ? certificates
            : throw new FormatException("--port and --certs are needed");
        var policy = ServerFiles.ClientPolicy(directory);
        var endpoint = new MqttServerOptionsBuilder()
            .WithoutDefaultEndpoint()
            .WithEncryptedEndpoint()
            .WithEncryptedEndpointBoundIPAddress(IPAddress.Loopback)
            .WithEncryptedEndpointBoundIPV6Address(IPAddress.None)
            .WithEncryptedEndpointPort(options.Port)
            .WithEncryptionSslProtocol(SslProtocols.Tls12 | SslProtocols.Tls13)
            .WithEncryptionCertificate(ServerFiles.Certificate(directory))
            .WithClientCertificate((_, certificate, _, errors) => IsOurs(certificate, errors, policy), false)
            .WithConnectionBacklog(1_024)
            .WithMaxPendingMessagesPerClient(Pending)
            .Build();
        using var server = new MqttServerFactory().CreateMqttServer(endpoint);
        await server.StartAsync();
        Console.WriteLine($"MQTTnet {typeof(MqttServer).Assembly.GetName().Version} at 127.0.0.1:{options.Port}");
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System);
    }

    private static bool IsOurs(X509Certificate? certificate, SslPolicyErrors errors, X509ChainPolicy policy)
    {
        if (certificate is not X509Certificate2 client || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
        {
            return false;
        }

        using var chain = new X509Chain { ChainPolicy = policy.Clone() };
        return chain.Build(client);
    }
}
