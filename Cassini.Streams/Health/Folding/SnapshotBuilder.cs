using System.Collections.Immutable;
using System.Globalization;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Checks;

namespace Cassini.Streams.Health.Folding;

/// <summary>Turns the fold's state into the snapshot that all readers get.</summary>
/// <param name="policy">The thresholds that the state was judged by.</param>
/// <param name="oldest">The oldest event that the feed can resume from.</param>
/// <param name="startedAt">When the process started.</param>
/// <param name="version">The program's version.</param>
internal sealed class SnapshotBuilder(HealthPolicy policy, Func<long> oldest, DateTimeOffset startedAt, string version)
{
    private const int TopicNames = 100;

    /// <summary>The snapshot of a state for a reader that found this freshness of the projection.</summary>
    public HealthSnapshot Build(HealthState state, Freshness freshness) =>
        freshness is Freshness.Fresh ? Build(state) : Distrust(Build(state), freshness);

    /// <summary>The snapshot of a state that was folded just now.</summary>
    public HealthSnapshot Build(HealthState state) => new()
    {
        Status = state.Verdicts.Status,
        Phase = state.Facts.Phase.Phase,
        Revision = state.Verdicts.Revision,
        Epoch = state.Epoch.ToString(),
        AsOf = state.WallClock(state.Now),
        Version = version,
        StartedAt = startedAt,
        UptimeSeconds = Math.Round(state.Now.TotalSeconds, 3),
        ActiveListeners = state.Counts.Handshaking + state.Counts.Open,
        LastConnection = state.LastConnection,
        LastError = state.Facts.LastError,
        Topics = new TopicSummary(
            state.Facts.Topics.Count,
            [.. state.Facts.Topics.Names.Take(TopicNames)],
            state.Facts.Topics.Count > Math.Min(state.Facts.Topics.Names.Count, TopicNames)),
        Backlog = state.Facts.Load.Queued,
        Endpoints =
        [
            .. state.Facts.Endpoints.All.Select(
                fact => new EndpointHealth(fact.Address, fact.State, state.WallClock(fact.Since), fact.Error)
                {
                    WebSocket = fact.IsWebSocket,
                }),
        ],
        Broker = new BrokerHealth(ConnectivityOf(state)),
        Store = state.Facts.Store.Visible,
        Checks = [.. state.Verdicts.Checks.Select(check => Build(state, check))],
        Log = new LogRange(Id(state, Math.Min(oldest(), Math.Max(1, state.Through))), Id(state, state.Through)),
        Through = state.Through,
        Ready = state.Verdicts.Ready,
        Live = state.Verdicts.Live,
        Counts = state.Counts,
        Capacity =
        [
            .. state.Facts.Capacity.Each()
                .Where(use => use.Facts.Limit > 0)
                .Select(use => new CapacityHealth(use.Resource, use.Facts.Used, use.Facts.Limit)),
        ],
        Certificates = Certificates(state),
    };

    /// <summary>
    /// The snapshot of a stale projection: every verdict fails closed, because it can no longer be trusted. Endpoints and counts stay as
    /// they were last known.
    /// </summary>
    private HealthSnapshot Distrust(HealthSnapshot last, Freshness freshness)
    {
        var isDead = freshness is Freshness.Dead;
        var message = string.Create(
            CultureInfo.InvariantCulture, $"the projection's last tick is older than {policy.Window.TotalSeconds:0.##} s");
        return last with
        {
            Status = HealthStatus.Error,
            Ready = false,
            Live = last.Live && !isDead,
            Broker = new BrokerHealth(Connectivity.Unknown),
            Checks =
            [
                .. last.Checks.Select(check => check.Status is HealthStatus.Off ? check : check with
                {
                    Status = check.Name == CheckNames.Projection ? HealthStatus.Error : HealthStatus.Unknown,
                    Raw = check.Name == CheckNames.Projection ? HealthStatus.Error : HealthStatus.Unknown,
                    Reason = Reasons.ProjectionStale,
                    Message = message,
                    Since = last.AsOf,
                    FailsReadyz = check.InReadyz,
                    FailsLivez = check.FailsLivez || (isDead && check.Name == CheckNames.Projection),
                }),
            ],
            Certificates = [.. last.Certificates.Select(certificate => certificate with { Status = HealthStatus.Unknown })],
        };
    }

    private ImmutableArray<CertificateHealth> Certificates(HealthState state)
    {
        var deciding = state.Facts.Certificates.Deciding(state.Now).ToHashSet();
        return
        [
            .. state.Facts.Certificates.Loaded.Select(fact =>
            {
                var status = CertificateCheck.JudgeOne(fact, policy, state.Now).Status;
                var decides = deciding.Contains(fact);
                var visible = decides || status < HealthStatus.Degraded ? status : HealthStatus.Degraded;
                return new CertificateHealth(fact.Role, fact.Subject, fact.NotAfter, visible) { Decides = decides };
            }),
        ];
    }

    private static CheckHealth Build(HealthState state, CheckState check) => new(
        check.Check.Name,
        check.Status,
        check.Raw,
        check.Reason,
        check.Raw < check.Status && check.Message is not null
            ? $"recovered, and reported until the hold time is over: {check.Message}"
            : check.Message,
        state.WallClock(check.Since),
        check.Flapping,
        (int)check.Changes.Total,
        [.. check.Evidence.Select(sequence => Id(state, sequence))])
    {
        InReadyz = check.Check.InReadyz,
        InLivez = check.Check.InLivez,
        FailsReadyz = (check.Fails & Fails.Readyz) != Fails.Nothing,
        FailsLivez = (check.Fails & Fails.Livez) != Fails.Nothing,
    };

    private static Connectivity ConnectivityOf(HealthState state) =>
        state.Facts.Canary.Disabled is not null || state.Facts.Canary.LastResult is null ? Connectivity.Unknown
        : state.Facts.Canary.LastFailure is null ? Connectivity.Ok
        : Connectivity.Failed;

    private static string Id(HealthState state, long sequence) => new EventId(state.Epoch, sequence).ToString();
}
