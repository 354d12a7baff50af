using Cassini.Harness.Clients;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Cassini.Web.Cli.Messaging;

/// <summary>Which broker, with which certificates, as which client.</summary>
internal sealed record ConnectionOptions
{
    public required string Host { get; init; }

    public required int Port { get; init; }

    /// <summary>PEM with the CA that the broker's certificate comes from; null is the development CA.</summary>
    public string? CaPath { get; init; }

    /// <summary>PEM with the client's certificate and its intermediates; null is the development client's.</summary>
    public string? CertificatePath { get; init; }

    /// <summary>PEM with the private key; given exactly when <see cref="CertificatePath"/> is.</summary>
    public string? KeyPath { get; init; }

    /// <summary>The name that the broker's certificate must have.</summary>
    public required string ServerName { get; init; }

    public required string ClientId { get; init; }

    public required MqttQualityOfServiceLevel QoS { get; init; }

    public required MqttProtocolVersion Version { get; init; }

    public required bool Json { get; init; }

    public BrokerAddress Broker => new(null, Host, Port, ServerName);

    /// <summary>The content of the CONNECT.</summary>
    public MqttConnectOptions Connect => new(ClientId) { Version = Version };
}
