namespace Cassini.Web.Management;

/// <summary>The SSE event types of the feed.</summary>
internal static class FeedMessage
{
    /// <summary>The whole health: first, and after a reset.</summary>
    public const string Snapshot = "snapshot";

    /// <summary>A health check changed.</summary>
    public const string Transition = "transition";

    /// <summary>Any other event.</summary>
    public const string Event = "event";

    /// <summary>Nothing was sent for a while; its id is the last sequence examined.</summary>
    public const string Heartbeat = "heartbeat";

    /// <summary>Events are missing; a snapshot follows.</summary>
    public const string Reset = "reset";

    /// <summary>The last message: the process stops.</summary>
    public const string Bye = "bye";
}
