namespace Cassini.Streams.Broker.Model;

/// <summary>An MQTT session at one instant: open, or kept for a client that is away.</summary>
/// <param name="ClientId">The client identifier.</param>
/// <param name="Identity">The identity that it belongs to: no other may resume it.</param>
/// <param name="ConnectionId">The number of the connection that serves it; null while its client is away.</param>
/// <param name="Protocol"><c>MQTT 5.0</c>, <c>MQTT 3.1.1</c> or <c>MQTT 3.1</c>; null while its client is away.</param>
/// <param name="KeepAlive">The keep alive of its connection; null when it has none, and while its client is away.</param>
/// <param name="Since">Since when its client is connected, or away, UTC. A restart of the broker does not change the latter.</param>
/// <param name="Expiry">How long it is kept after its connection; null for ever.</param>
/// <param name="ExpiresAt">When it will end unless its client comes back, UTC; null while its client is connected, and for never.</param>
/// <param name="Subscriptions">How many subscriptions it has.</param>
/// <param name="Queued">How many messages wait. The retained messages that a subscription has still to get count as one.</param>
/// <param name="QueuedBytes">About how many bytes the messages that wait or are in flight take, in memory or on disk.</param>
/// <param name="InFlight">How many messages were sent and are not acknowledged.</param>
/// <param name="Dropped">How many messages it has lost because its queue was full, since the broker started.</param>
public sealed record SessionInfo(
    string ClientId,
    string Identity,
    long? ConnectionId,
    string? Protocol,
    TimeSpan? KeepAlive,
    DateTimeOffset Since,
    TimeSpan? Expiry,
    DateTimeOffset? ExpiresAt,
    int Subscriptions,
    int Queued,
    long QueuedBytes,
    int InFlight,
    long Dropped)
{
    /// <summary>Whether its client is connected.</summary>
    public bool IsConnected => ConnectionId is not null;

    /// <summary>Why its client does not keep up; null while it does.</summary>
    public SlowReason? Slow { get; init; }

    /// <summary>
    /// How long its client has taken nothing of what is being written to it; null when nothing is. One that reads, but does not
    /// acknowledge, takes something.
    /// </summary>
    public TimeSpan? Stalled { get; init; }
}
