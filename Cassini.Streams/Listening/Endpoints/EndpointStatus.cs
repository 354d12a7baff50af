namespace Cassini.Streams.Listening.Endpoints;

/// <summary>How an endpoint stands.</summary>
internal enum ListenerState
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

/// <summary>An endpoint at one instant.</summary>
/// <param name="Endpoint">The endpoint as configured.</param>
/// <param name="Bound">The address really bound, with its real port; null while it is not bound.</param>
/// <param name="State">How it stands.</param>
internal sealed record EndpointStatus(EndpointAddress Endpoint, EndpointAddress? Bound, ListenerState State);
