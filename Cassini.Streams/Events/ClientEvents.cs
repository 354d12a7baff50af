namespace Cassini.Streams.Events;

/// <summary>A client said who it is and got its session.</summary>
/// <param name="ConnectionId">The connection.</param>
/// <param name="ClientId">Its client identifier, given or assigned.</param>
/// <param name="Protocol"><c>MQTT 5.0</c> or <c>MQTT 3.1.1</c>.</param>
/// <param name="SessionPresent">Whether it goes on with a session that existed.</param>
public sealed record ClientConnected(long ConnectionId, string ClientId, string Protocol, bool SessionPresent) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Session;
}

/// <summary>A client was refused a session.</summary>
/// <param name="ConnectionId">The connection.</param>
/// <param name="Reason">The reason code's name, for example <c>NotAuthorized</c>.</param>
/// <param name="Detail">For people.</param>
public sealed record ClientRefused(long ConnectionId, string Reason, string Detail) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Session;
}

/// <summary>A client broke the protocol and lost its connection. One who does it often is not told each time.</summary>
/// <param name="ConnectionId">The connection.</param>
/// <param name="Reason">The reason code's name, for example <c>MalformedPacket</c>.</param>
/// <param name="Clause">The clause of the standard that was broken.</param>
/// <param name="Detail">For people.</param>
public sealed record ProtocolViolated(long ConnectionId, string Reason, string Clause, string Detail) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Session;
}

/// <summary>A client was denied a topic. One who asks often is not told each time.</summary>
/// <param name="ConnectionId">The connection.</param>
/// <param name="Identity">Who the client certificate says it is.</param>
/// <param name="Action"><c>publish</c> or <c>subscribe</c>; <c>retain</c> when the message was delivered and not kept.</param>
/// <param name="Topic">The topic or the filter.</param>
/// <param name="Detail">For people; null when a rule denied it.</param>
public sealed record AccessDenied(long ConnectionId, string Identity, string Action, string Topic, string? Detail) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Session;
}

/// <summary>A session ended without a connection: its time was over.</summary>
/// <param name="ClientId">Its client identifier.</param>
public sealed record SessionExpired(string ClientId) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Session;
}

/// <summary>Copies of messages were dropped, since their subscriber was too slow or memory was short. Summed up over a second.</summary>
/// <param name="ClientId">The subscriber that lost them; null when there were too many subscribers to name.</param>
/// <param name="Count">How many copies.</param>
public sealed record MessagesDropped(string? ClientId, long Count) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Load;
}
