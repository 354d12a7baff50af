using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Routing;

/// <summary>How far the delivery of one message has come, which may take several slices. Mutable: pass it by reference.</summary>
internal struct RouteProgress
{
    /// <summary>The subscribers, as they were when it began; null before that.</summary>
    public Route? Route;

    /// <summary>The next of them.</summary>
    public int Next;

    /// <summary>The message's number in the order of retained messages and subscriptions; the highest when it has none.</summary>
    public long Place;

    /// <summary>Whether the message was retained, if its publisher asked for that.</summary>
    public bool IsRetainedAsAsked;

    /// <summary>What other nodes retain it with; null when they do not.</summary>
    public RetainedChange? Change;

    /// <summary>Whether a subscription matched its topic.</summary>
    public readonly bool HasSubscribers => Route is { IsEmpty: false };
}
