namespace Cassini.Streams.Mqtt.Properties;

/// <summary>The carriers of properties: packets, and the will inside CONNECT.</summary>
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
