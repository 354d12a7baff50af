namespace Cassini.Streams.Events;

/// <summary>The state of an endpoint.</summary>
public enum EndpointState
{
    /// <summary>Its first bind attempt has not ended yet.</summary>
    Pending,

    /// <summary>Bound and listening.</summary>
    Bound,

    /// <summary>The last bind attempt failed; it is tried again.</summary>
    Failed,

    /// <summary>Its socket is closed.</summary>
    Closed,
}
