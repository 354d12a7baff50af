namespace Cassini.Streams.Mqtt;

/// <summary>What the versions are called.</summary>
internal static class ProtocolVersions
{
    /// <summary>The number of a version, such as <c>3.1.1</c>.</summary>
    public static string Number(this ProtocolVersion version) => version switch
    {
        ProtocolVersion.V310 => "3.1",
        ProtocolVersion.V311 => "3.1.1",
        _ => "5.0",
    };

    /// <summary>The name of a version, such as <c>MQTT 3.1.1</c>.</summary>
    public static string Name(this ProtocolVersion version) => version switch
    {
        ProtocolVersion.V310 => "MQTT 3.1",
        ProtocolVersion.V311 => "MQTT 3.1.1",
        _ => "MQTT 5.0",
    };

    /// <summary>The protocol's name in CONNECT, which is another one in MQTT 3.1.</summary>
    public static ReadOnlySpan<byte> NameInConnect(this ProtocolVersion version) =>
        version == ProtocolVersion.V310 ? "MQIsdp"u8 : "MQTT"u8;
}
