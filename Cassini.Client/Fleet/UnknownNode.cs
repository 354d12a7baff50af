using Cassini.Streams.Events;
using Cassini.Streams.Feed;

namespace Cassini.Streams.Fleet;

/// <summary>The health of a node of which nothing current is known: unknown, whatever it was before.</summary>
internal static class UnknownNode
{
    /// <summary>It has not said yet how it is.</summary>
    public static FleetNodeHealth Never { get; } = new()
    {
        Status = HealthStatus.Unknown,
        Ready = false,
        Reason = nameof(FeedLoss.NotConnected),
        Message = "it has not said yet how it is",
        Phase = Phase.Starting,
        Revision = 0,
        Failing = [],
        Version = "",
        AsOf = DateTimeOffset.UnixEpoch,
        UptimeSeconds = 0,
        ActiveListeners = 0,
        Sessions = 0,
        KeptSessions = 0,
        Backlog = 0,
        LastError = null,
    };

    /// <summary>It says nothing any more.</summary>
    /// <param name="last">What it said last; null for nothing.</param>
    public static FleetNodeHealth Silent(FleetNodeHealth? last) =>
        After(last, FeedLoss.Silent, "it is not heard on the bus: it has stopped, hangs, or is cut off");

    /// <summary>This node hears nobody.</summary>
    /// <inheritdoc cref="Silent"/>
    public static FleetNodeHealth CutOff(FleetNodeHealth? last) =>
        After(last, FeedLoss.Cut, "the bus is not connected here: nobody is heard");

    /// <summary>Nothing of what it said is current.</summary>
    /// <param name="last">What it said last; null for nothing.</param>
    /// <param name="reason">Why nothing is heard.</param>
    /// <param name="message">The same for people.</param>
    public static FleetNodeHealth After(FleetNodeHealth? last, FeedLoss reason, string message) => (last ?? Never) with
    {
        Status = HealthStatus.Unknown,
        Ready = false,
        Reason = reason.ToString(),
        Message = message,
        Failing = [],
    };
}
