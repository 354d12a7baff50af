namespace Cassini.Streams.Mqtt;

/// <summary>
/// The supported versions of MQTT; the values are the protocol level of CONNECT. What is below <see cref="V500"/> has no properties and
/// no reason codes.
/// </summary>
internal enum ProtocolVersion : byte
{
    /// <summary>MQTT 3.1, from before the OASIS standard: MQTT 3.1.1 with a few differences.</summary>
    V310 = 3,

    /// <summary>MQTT 3.1.1.</summary>
    V311 = 4,

    /// <summary>MQTT 5.0.</summary>
    V500 = 5,
}
