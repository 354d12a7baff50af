using System.Text.Json;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Health.Projection;

namespace Cassini.Management.Tables;

/// <summary>The body of GET /sessions.</summary>
/// <param name="Count">How many sessions match.</param>
/// <param name="Truncated">Whether there are more of them than are listed.</param>
/// <param name="Sessions">The sessions.</param>
internal sealed record SessionsAnswer(int Count, bool Truncated, IReadOnlyList<SessionRow> Sessions);

/// <summary>An MQTT session.</summary>
/// <param name="ClientId">The client identifier.</param>
/// <param name="Identity">The identity that it belongs to.</param>
/// <param name="State"><c>connected</c>, or <c>kept</c> while its client is away.</param>
/// <param name="Connection">The number of its connection; null while its client is away.</param>
/// <param name="Protocol">What its client speaks; null while it is away.</param>
/// <param name="KeepAliveSeconds">The keep alive of its connection; null when it has none, and while its client is away.</param>
/// <param name="Since">Since when its client is connected, or away.</param>
/// <param name="ExpirySeconds">How long it is kept after its connection; null for ever.</param>
/// <param name="ExpiresAt">When it ends unless its client comes back; null while its client is connected, and for never.</param>
/// <param name="Subscriptions">How many subscriptions it has.</param>
/// <param name="Queued">How many messages wait for it.</param>
/// <param name="QueuedBytes">About how many bytes the messages that wait or are in flight take.</param>
/// <param name="InFlight">How many messages were sent and are not acknowledged.</param>
/// <param name="Dropped">How many messages it has lost because its queue was full, since the broker started.</param>
internal sealed record SessionRow(
    string ClientId,
    string Identity,
    string State,
    long? Connection,
    string? Protocol,
    double? KeepAliveSeconds,
    DateTimeOffset Since,
    double? ExpirySeconds,
    DateTimeOffset? ExpiresAt,
    int Subscriptions,
    int Queued,
    long QueuedBytes,
    int InFlight,
    long Dropped)
{
    public const string Connected = "connected";
    public const string Kept = "kept";

    /// <summary>
    /// Why its client does not keep up: <c>notReading</c>, <c>notAcknowledging</c>, <c>behind</c> or <c>dropping</c>; null while it does.
    /// </summary>
    public string? Slow { get; init; }

    /// <summary>How long its client has taken nothing of what is being written to it; null when nothing is.</summary>
    public double? StalledSeconds { get; init; }

    public static SessionRow Of(SessionInfo session) => new(
        session.ClientId,
        session.Identity,
        session.IsConnected ? Connected : Kept,
        session.ConnectionId,
        session.Protocol,
        session.KeepAlive?.TotalSeconds,
        session.Since,
        session.Expiry?.TotalSeconds,
        session.ExpiresAt,
        session.Subscriptions,
        session.Queued,
        session.QueuedBytes,
        session.InFlight,
        session.Dropped)
    {
        Slow = session.Slow is { } slow ? JsonNamingPolicy.CamelCase.ConvertName(slow.ToString()) : null,
        StalledSeconds = session.Stalled?.TotalSeconds,
    };
}

/// <summary>The body of GET /clients/{client}.</summary>
/// <param name="Session">Its session.</param>
/// <param name="Connection">Its connection; null while it is away.</param>
/// <param name="Subscriptions">Its subscriptions, by filter.</param>
/// <param name="Truncated">Whether there are more of them than are listed.</param>
/// <param name="Identity">What its identity has of what all share; null when nothing is shared.</param>
internal sealed record ClientAnswer(
    SessionRow Session, ConnectionRow? Connection, IReadOnlyList<ClientSubscriptionRow> Subscriptions, bool Truncated,
    IdentityRow? Identity);

/// <summary>A subscription of one client.</summary>
/// <param name="Filter">The filter, with <c>$share/NAME/</c> if it is shared.</param>
/// <param name="Qos">The most that was granted.</param>
/// <param name="NoLocal">Whether it leaves out the client's own messages.</param>
/// <param name="RetainAsPublished">Whether its messages keep the RETAIN flag.</param>
internal sealed record ClientSubscriptionRow(string Filter, int Qos, bool NoLocal, bool RetainAsPublished);
