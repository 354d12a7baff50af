namespace Cassini.Streams.Broker.Tracing;

/// <summary>Attributes of spans: those of OpenTelemetry's semantic conventions for messaging, and our own where these have none.</summary>
internal static class MessageTags
{
    public const string System = "messaging.system";
    public const string Mqtt = "mqtt";
    public const string OperationName = "messaging.operation.name";
    public const string OperationType = "messaging.operation.type";
    public const string Destination = "messaging.destination.name";
    public const string ClientId = "messaging.client.id";
    public const string BodySize = "messaging.message.body.size";
    public const string ProtocolVersion = "network.protocol.version";
    public const string QoS = "cassini.mqtt.qos";
    public const string Retain = "cassini.mqtt.retain";

    /// <summary>How many copies a message became.</summary>
    public const string Deliveries = "cassini.deliveries";
}
