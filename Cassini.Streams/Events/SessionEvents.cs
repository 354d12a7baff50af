namespace Cassini.Streams.Events;

/// <summary>
/// A client attached to its session. Exactly one <see cref="SessionClosed"/> follows before the connection's
/// <see cref="ConnectionClosed"/>. A handler of another protocol than MQTT has one session for each connection.
/// </summary>
/// <param name="ConnectionId">The connection that carries the session.</param>
/// <param name="ClientId">The client identifier, given or assigned; null when the protocol is not MQTT.</param>
/// <param name="Identity">Who the client certificate says it is.</param>
/// <param name="Protocol"><c>MQTT 5.0</c> or <c>MQTT 3.1.1</c>; null for another protocol.</param>
/// <param name="SessionPresent">Whether the client goes on with state that was kept, or that another connection served.</param>
public sealed record SessionOpened(long ConnectionId, string? ClientId, string Identity, string? Protocol, bool SessionPresent) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Session;
}

/// <summary>The client of an open session is gone.</summary>
/// <param name="ConnectionId">The connection that carried the session.</param>
/// <param name="ClientId">The client identifier; null when the protocol is not MQTT.</param>
/// <param name="Reason">Why.</param>
/// <param name="Duration">How long the session was open.</param>
/// <param name="Kept">
/// Whether its state is kept, for the client to come back or for the connection that took it over. If not, <see cref="SessionEnded"/>
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
    /// <summary>The session was to end with its connection: its expiry interval was 0.</summary>
    EndedWithConnection,

    /// <summary>Its client did not come back within the expiry interval.</summary>
    Expired,

    /// <summary>Its client connected with a clean start, and so began another session.</summary>
    CleanStart,
}

/// <summary>The state of an MQTT session was discarded. When many expire at once, not each of those is published.</summary>
/// <param name="ClientId">The client identifier.</param>
/// <param name="Reason">Why.</param>
public sealed record SessionEnded(string ClientId, SessionEndReason Reason) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Session;
}
