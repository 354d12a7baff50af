using MQTTnet.Formatter;

namespace Cassini.Harness.Clients;

/// <summary>The content of a CONNECT.</summary>
/// <param name="ClientId">The client identifier.</param>
internal sealed record MqttConnectOptions(string ClientId)
{
    /// <summary>The version of the protocol. Default: 5.</summary>
    public MqttProtocolVersion Version { get; init; } = MqttProtocolVersion.V500;

    /// <summary>Whether the session is a new one. Default: true.</summary>
    public bool CleanStart { get; init; } = true;

    /// <summary>How long, in seconds, the broker keeps the session after a lost connection; MQTT 5 only. Default: 0.</summary>
    public uint SessionExpirySeconds { get; init; }

    /// <summary>Whether the session outlives an end of the connection on purpose too. Default: false, it ends with that.</summary>
    public bool KeepsSession { get; init; }
}
