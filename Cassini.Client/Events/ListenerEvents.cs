namespace Cassini.Streams.Events;

/// <summary>An endpoint was configured and is about to be bound for the first time.</summary>
/// <param name="Endpoint">The endpoint as configured, <c>host:port</c>: its identity in every event.</param>
public sealed record ListenerConfigured(string Endpoint) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Listener;

    /// <summary>Whether its clients come by WebSocket; false in a record of an older Cassini.</summary>
    public bool WebSocket { get; init; }
}

/// <summary>An endpoint's socket is bound and listening.</summary>
/// <param name="Endpoint">The endpoint as configured.</param>
/// <param name="Address">The bound address: differs from <paramref name="Endpoint"/> when port 0 was configured.</param>
public sealed record ListenerBound(string Endpoint, string Address) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Listener;
}

/// <summary>An attempt to bind an endpoint failed; it is tried again after <paramref name="RetryIn"/>.</summary>
/// <param name="Endpoint">The endpoint as configured.</param>
/// <param name="Error">The socket error's name, for example <c>AddressAlreadyInUse</c>.</param>
/// <param name="Message">The operating system's message.</param>
/// <param name="Attempt">1 for the first attempt since the endpoint was last bound.</param>
/// <param name="RetryIn">Time until the next attempt.</param>
public sealed record BindFailed(string Endpoint, string Error, string Message, int Attempt, TimeSpan RetryIn) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Listener;
}

/// <summary>Why an endpoint's socket was closed.</summary>
public enum ListenerCloseReason
{
    /// <summary>The broker is shutting down.</summary>
    Shutdown,

    /// <summary>The socket failed or its accept loop stalled; it is bound again.</summary>
    Failed,

    /// <summary>A rehearsal closed it; it stays closed until the rehearsal is resumed.</summary>
    Rehearsal,
}

/// <summary>An endpoint's socket was closed: clients can no longer connect to it.</summary>
/// <param name="Endpoint">The endpoint as configured.</param>
/// <param name="Reason">Why.</param>
public sealed record ListenerClosed(string Endpoint, ListenerCloseReason Reason) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Listener;
}

/// <summary>Accepting failed, for example because no file descriptor was free. A burst of failures is one event.</summary>
/// <param name="Endpoint">The endpoint as configured.</param>
/// <param name="Error">The socket error's name, for example <c>TooManyOpenSockets</c>.</param>
/// <param name="Failures">How many attempts failed since the last such event of this endpoint.</param>
/// <param name="RetryIn">Time until the loop accepts again.</param>
public sealed record AcceptFailed(string Endpoint, string Error, int Failures, TimeSpan RetryIn) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Listener;
}
