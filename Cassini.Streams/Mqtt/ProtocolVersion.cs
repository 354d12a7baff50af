namespace Cassini.Streams.Mqtt;

/// <summary>The supported versions of MQTT; the values are the protocol level of CONNECT.</summary>
internal enum ProtocolVersion : byte
{
    /// <summary>MQTT 3.1.1.</summary>
    V311 = 4,

    /// <summary>MQTT 5.0.</summary>
    V500 = 5,
}
