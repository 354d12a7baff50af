namespace Cassini.Streams.Events;

/// <summary>
/// A client attached to its session. Exactly one <see cref="SessionClosed"/> follows before the connection's
/// <see cref="ConnectionClosed"/>. A handler of a protocol other than MQTT has one session for each connection.
/// </summary>
/// <param name="ConnectionId">The connection that carries the session.</param>
/// <param name="ClientId">The client identifier, given or assigned; null when the protocol is not MQTT.</param>
/// <param name="Identity">The identity from the client certificate.</param>
/// <param name="Protocol"><c>MQTT 5.0</c>, <c>MQTT 3.1.1</c> or <c>MQTT 3.1</c>; null for another protocol.</param>
/// <param name="SessionPresent">Whether the client continues a session that was kept, or that another connection served.</param>
public sealed record SessionOpened(
    long ConnectionId, string? ClientId, string Identity, string? Protocol, bool SessionPresent) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Session;
}

/// <summary>An open session lost its client.</summary>
/// <param name="ConnectionId">The connection that carried the session.</param>
/// <param name="ClientId">The client identifier; null when the protocol is not MQTT.</param>
/// <param name="Reason">Why.</param>
/// <param name="Duration">How long the session was open.</param>
/// <param name="Kept">
/// Whether its state is kept, for the client's return or for the connection that took it over. If not, <see cref="SessionEnded"/>
/// follows in MQTT.
/// </param>
public sealed record SessionClosed(long ConnectionId, string? ClientId, CloseReason Reason, TimeSpan Duration, bool Kept) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Session;
}

/// <summary>Why the state of a session was discarded.</summary>
public enum SessionEndReason
{
    /// <summary>The session ended with its connection, because its expiry interval was 0.</summary>
    EndedWithConnection,

    /// <summary>Its client did not come back within the expiry interval.</summary>
    Expired,

    /// <summary>Its client connected with a clean start, which began a new session.</summary>
    CleanStart,

    /// <summary>An operator ended it; a <see cref="RemedyApplied"/> event says who.</summary>
    Administrative,

    /// <summary>Its client connected to another node of the fleet, which has the session now.</summary>
    Moved,
}

/// <summary>The state of an MQTT session was discarded. When many sessions expire at once, not every one is published.</summary>
/// <param name="ClientId">The client identifier.</param>
/// <param name="Reason">Why.</param>
public sealed record SessionEnded(string ClientId, SessionEndReason Reason) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Session;
}
