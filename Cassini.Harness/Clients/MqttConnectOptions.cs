using MQTTnet.Formatter;

namespace Cassini.Harness.Clients;

/// <summary>What a client says of itself in its CONNECT.</summary>
/// <param name="ClientId">The client identifier.</param>
internal sealed record MqttConnectOptions(string ClientId)
{
    /// <summary>The version of the protocol. Default: 5.</summary>
    public MqttProtocolVersion Version { get; init; } = MqttProtocolVersion.V500;

    /// <summary>Whether the session begins anew. Default: true.</summary>
    public bool CleanStart { get; init; } = true;

    /// <summary>How long, in seconds, the broker keeps the session after a lost connection; MQTT 5 only. Default: 0.</summary>
    public uint SessionExpirySeconds { get; init; }
}
