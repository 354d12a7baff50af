using System.Collections.Immutable;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Streams.Mqtt.Packets;

/// <summary>CONNECT (MQTT 5.0 §3.1).</summary>
internal sealed record ConnectPacket
{
    public required ProtocolVersion Version { get; init; }

    /// <summary>Whether it is another broker that bridges to this one: it has the highest bit of its protocol level set.</summary>
    public bool IsBridge { get; init; }

    public required string ClientId { get; init; }

    public bool CleanStart { get; init; }

    /// <summary>The keep alive in seconds; 0 switches it off.</summary>
    public ushort KeepAlive { get; init; }

    public WillMessage? Will { get; init; }

    public string? UserName { get; init; }

    public ImmutableArray<byte>? Password { get; init; }

    public PropertySet Properties { get; init; } = PropertySet.Empty;
}

/// <summary>The message that the server publishes when it loses the client (MQTT 5.0 §3.1.2.5).</summary>
internal sealed record WillMessage(
    string Topic, ImmutableArray<byte> Payload, QualityOfService QoS, bool Retain, PropertySet Properties);
