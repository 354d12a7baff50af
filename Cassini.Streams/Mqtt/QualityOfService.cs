namespace Cassini.Streams.Mqtt;

/// <summary>How hard both sides try to deliver a message (MQTT 5.0 §4.3).</summary>
public enum QualityOfService : byte
{
    /// <summary>At most once: may be lost.</summary>
    AtMostOnce = 0,

    /// <summary>At least once: may come twice.</summary>
    AtLeastOnce = 1,

    /// <summary>Exactly once.</summary>
    ExactlyOnce = 2,
}
