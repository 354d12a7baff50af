namespace Cassini.Streams.Mqtt;

/// <summary>The guarantee with which a message is delivered (MQTT 5.0 §4.3).</summary>
public enum QualityOfService : byte
{
    /// <summary>At most once: the message may be lost.</summary>
    AtMostOnce = 0,

    /// <summary>At least once: the message may arrive more than once.</summary>
    AtLeastOnce = 1,

    /// <summary>Exactly once.</summary>
    ExactlyOnce = 2,
}
