using Cassini.Streams.Events;
using Cassini.Streams.Health;

namespace Cassini.Streams.Feed;

/// <summary>The health of a broker while its feed is lost: unknown, whatever it was before.</summary>
internal static class UnknownHealth
{
    /// <summary>The name of the check that this side adds while the feed is lost: its reason is a <see cref="FeedLoss"/>.</summary>
    public const string CheckName = "feed";

    /// <summary>The reason of every other check while the feed is lost.</summary>
    public const string FeedLost = nameof(FeedLost);

    public static HealthSnapshot Never(FeedLoss reason, string detail) => new()
    {
        Status = HealthStatus.Unknown,
        Phase = Phase.Starting,
        Revision = 0,
        Epoch = "",
        AsOf = DateTimeOffset.UnixEpoch,
        Version = "",
        StartedAt = DateTimeOffset.UnixEpoch,
        UptimeSeconds = 0,
        ActiveListeners = 0,
        LastConnection = null,
        LastError = null,
        Topics = new TopicSummary(0, [], false),
        Backlog = 0,
        Endpoints = [],
        Broker = new BrokerHealth(Connectivity.Unknown),
        Checks = [Feed(reason, detail, DateTimeOffset.UnixEpoch)],
        Log = new LogRange("", ""),
    };

    /// <summary>The last snapshot, with every verdict unknown.</summary>
    public static HealthSnapshot After(HealthSnapshot last, FeedLoss reason, string detail) => last with
    {
        Status = HealthStatus.Unknown,
        Phase = reason == FeedLoss.Stopped ? Phase.Stopped : last.Phase,
        Ready = false,
        Live = false,
        Broker = new BrokerHealth(Connectivity.Unknown),
        Endpoints = reason == FeedLoss.Stopped ? [.. last.Endpoints.Select(endpoint => Close(endpoint, last.AsOf))] : last.Endpoints,
        Checks =
        [
            Feed(reason, detail, last.AsOf),
            .. last.Checks
                .Where(check => check.Name != UnknownHealth.CheckName)
                .Select(check => check.Status == HealthStatus.Off ? check : check with
                {
                    Status = HealthStatus.Unknown,
                    Raw = HealthStatus.Unknown,
                    Reason = UnknownHealth.FeedLost,
                    Message = detail,
                }),
        ],
    };

    /// <summary>The process that sent <c>bye</c> ends: no endpoint outlives it.</summary>
    private static EndpointHealth Close(EndpointHealth endpoint, DateTimeOffset since) => endpoint.State == EndpointState.Closed
        ? endpoint
        : endpoint with { State = EndpointState.Closed, Since = since, Error = null };

    private static CheckHealth Feed(FeedLoss reason, string detail, DateTimeOffset since) => new(
        UnknownHealth.CheckName, HealthStatus.Unknown, HealthStatus.Unknown, reason.ToString(), detail, since, false, 0, [])
    {
        InReadyz = true,
        InLivez = true,
        FailsReadyz = true,
        FailsLivez = true,
    };
}
