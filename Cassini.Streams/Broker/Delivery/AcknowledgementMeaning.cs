namespace Cassini.Streams.Broker.Delivery;

/// <summary>What an acknowledgement of a client means for the message in flight under its packet identifier.</summary>
internal enum AcknowledgementMeaning
{
    /// <summary>The identifier is unknown: nothing happens.</summary>
    Unknown,

    /// <summary>The delivery is complete.</summary>
    Complete,

    /// <summary>QoS 2: the client has the message, and PUBREL follows.</summary>
    Received,

    /// <summary>QoS 2: the client asks once more, perhaps because a PUBREL was lost.</summary>
    ReceivedBefore,

    /// <summary>The same for an unknown identifier.</summary>
    ReceivedUnknown,

    /// <summary>It contradicts the message's quality of service, or how far its delivery has come.</summary>
    Contradiction,
}
