namespace Cassini.Streams.Events;

/// <summary>What an operator did to make room.</summary>
public enum RemedyAction
{
    /// <summary>A connection was closed.</summary>
    Disconnect,

    /// <summary>A session was ended, and its connection closed.</summary>
    EndSession,

    /// <summary>The connections of an identity were closed; sessions that outlive them were kept.</summary>
    DisconnectIdentity,

    /// <summary>The sessions of an identity were ended, and its connections closed.</summary>
    EndIdentity,

    /// <summary>Retained messages were removed.</summary>
    PurgeRetained,

    /// <summary>A node of the fleet that is gone was forgotten.</summary>
    ForgetNode,
}

/// <summary>An operator made room through the management. One that found nothing to do is published too.</summary>
/// <param name="Action">What was done.</param>
/// <param name="Target">To what: a connection's number, a client identifier, an identity, a topic filter or a node.</param>
/// <param name="Caller">Who asked for it, as far as that is known, for people.</param>
/// <param name="Connections">How many connections were told to close.</param>
/// <param name="Sessions">How many sessions were ended.</param>
/// <param name="Retained">How many retained messages were removed.</param>
public sealed record RemedyApplied(
    RemedyAction Action, string Target, string Caller, int Connections = 0, int Sessions = 0, long Retained = 0) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Session;
}
