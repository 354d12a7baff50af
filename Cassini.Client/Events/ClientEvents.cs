namespace Cassini.Streams.Events;

/// <summary>
/// A client was refused a session. The first of each identity for each reason is published; not each of the others, when this happens
/// often, and of the first ones 1,000 within a minute.
/// </summary>
/// <param name="ConnectionId">The connection.</param>
/// <param name="Reason">The reason code's name, for example <c>NotAuthorized</c>.</param>
/// <param name="Detail">For people.</param>
/// <param name="Identity">The identity from the client certificate; null in a record of an older Cassini.</param>
/// <param name="RemoteAddress">The peer's <c>address:port</c>; null in a record of an older Cassini.</param>
public sealed record ClientRefused(
    long ConnectionId, string Reason, string Detail, string? Identity = null, string? RemoteAddress = null) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Session;
}

/// <summary>
/// Connections keep taking one client identifier from each other. Published when the next one must wait longer, and from time to time
/// while that goes on.
/// </summary>
/// <param name="ClientId">The client identifier.</param>
/// <param name="Identity">The identity from the client certificate.</param>
/// <param name="TakeOvers">How often it was taken over, without a minute's pause.</param>
/// <param name="Delay">How long the next connection waits.</param>
public sealed record ClientIdContested(string ClientId, string Identity, int TakeOvers, TimeSpan Delay) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Session;
}

/// <summary>
/// A client broke the protocol and lost its connection. The first of each identity for each reason is published; not each of the others,
/// when this happens often, and of the first ones 1,000 within a minute.
/// </summary>
/// <param name="ConnectionId">The connection.</param>
/// <param name="Reason">The reason code's name, for example <c>MalformedPacket</c>.</param>
/// <param name="Clause">The clause of the standard that was broken.</param>
/// <param name="Detail">For people.</param>
/// <param name="Identity">The identity from the client certificate; null in a record of an older Cassini.</param>
/// <param name="RemoteAddress">The peer's <c>address:port</c>; null in a record of an older Cassini.</param>
public sealed record ProtocolViolated(
    long ConnectionId, string Reason, string Clause, string Detail, string? Identity = null, string? RemoteAddress = null) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Session;
}

/// <summary>
/// A client was denied a topic. The first of each identity for each action is published; not each of the others, when this happens often,
/// and of the first ones 1,000 within a minute.
/// </summary>
/// <param name="ConnectionId">
/// The connection; 0 for a will, which is published when that is over, and for a client within the broker's process, such as the
/// management's.
/// </param>
/// <param name="Identity">The identity from the client certificate, or of the client within the process.</param>
/// <param name="Action"><c>publish</c> or <c>subscribe</c>; <c>retain</c> when the message was delivered but not retained.</param>
/// <param name="Topic">The topic or the filter.</param>
/// <param name="Detail">For people; null when a rule denied it.</param>
/// <param name="RemoteAddress">The peer's <c>address:port</c>; null in a record of an older Cassini.</param>
public sealed record AccessDenied(
    long ConnectionId, string Identity, string Action, string Topic, string? Detail, string? RemoteAddress = null) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Session;
}

/// <summary>
/// Other access rules are in force, and what they do not allow has ended. Published at the start too, when sessions that were kept had
/// subscriptions that the rules no longer allow.
/// </summary>
/// <param name="Rules">How many rules there are.</param>
/// <param name="Sessions">How many sessions, open or kept, lost subscriptions.</param>
/// <param name="Subscriptions">How many subscriptions were removed.</param>
public sealed record AccessRulesChanged(int Rules, int Sessions, int Subscriptions) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Session;
}

/// <summary>Copies of messages were dropped because their subscriber was too slow or memory was short. The sum of one second.</summary>
/// <param name="ClientId">The subscriber that lost them; null for all that are not named: clients
/// beyond the ten that lost most, sessions that have ended, and observers in this process.</param>
/// <param name="Count">How many copies.</param>
public sealed record MessagesDropped(string? ClientId, long Count) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Load;
}
