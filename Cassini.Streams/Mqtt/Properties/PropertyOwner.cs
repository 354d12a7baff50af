namespace Cassini.Streams.Mqtt.Properties;

/// <summary>What carries properties: a packet, or the will inside CONNECT.</summary>
internal enum PropertyOwner
{
    Connect,
    Will,
    ConnAck,
    Publish,

    /// <summary>PUBACK, PUBREC, PUBREL and PUBCOMP.</summary>
    Acknowledgement,
    Subscribe,

    /// <summary>SUBACK and UNSUBACK.</summary>
    SubscriptionAcknowledgement,
    Unsubscribe,
    Disconnect,
    Auth,
}
