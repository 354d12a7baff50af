namespace Cassini.Streams.Broker.Model;

/// <summary>How far the delivery of a QoS 1 or 2 message has come.</summary>
internal enum DeliveryState : byte
{
    /// <summary>Not sent, or acknowledged.</summary>
    Done,

    /// <summary>QoS 1: PUBLISH sent.</summary>
    AwaitingPubAck,

    /// <summary>QoS 2: PUBLISH sent.</summary>
    AwaitingPubRec,

    /// <summary>QoS 2: PUBREL sent.</summary>
    AwaitingPubComp,
}
