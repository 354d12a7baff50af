using System.Reactive.Linq;
using Cassini.Streams.Events;
using Cassini.Streams.Health;

namespace Cassini.Streams.Feed;

/// <summary>The feeds of several brokers, to wait for or observe together. Thread-safe. Does not own the feeds.</summary>
public sealed class HealthFeedGroup
{
    private readonly IReadOnlyList<HealthFeed> _feeds;

    /// <summary>Creates a group.</summary>
    /// <param name="feeds">The feeds; at least one.</param>
    /// <exception cref="ArgumentException">There is no feed.</exception>
    public HealthFeedGroup(IReadOnlyList<HealthFeed> feeds)
    {
        ArgumentNullException.ThrowIfNull(feeds);
        if (feeds.Count == 0)
        {
            throw new ArgumentException("a group of no feeds", nameof(feeds));
        }

        _feeds = [.. feeds];
    }

    /// <summary>
    /// The health of all brokers: at once as unknown, and then each time that of one broker differs visibly. One value at a time.
    /// </summary>
    public IObservable<GroupHealth> Snapshots => Together(feed => feed.Snapshots);

    /// <summary>Completes as soon as all brokers can serve new clients at the same time, however long that takes.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="BrokerNotReadyException">One of them gave up or refused the credentials.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public Task<GroupHealth> WaitUntilReadyAsync(CancellationToken cancellationToken) =>
        WaitUntilReadyAsync(Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>Completes as soon as all brokers can serve new clients at the same time.</summary>
    /// <param name="timeout">How long to wait at most; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="BrokerNotReadyException">The time is over; or, at once, one of them gave up or refused the credentials.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public Task<GroupHealth> WaitUntilReadyAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        WaitForAsync(static snapshot => snapshot.Ready, timeout, null, cancellationToken);

    /// <summary>Completes as soon as the health of every broker meets a condition, however long that takes.</summary>
    /// <param name="condition">Called for each broker at each change; pure and quick.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="BrokerNotReadyException">One of them gave up or refused the credentials.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public Task<GroupHealth> WaitForAsync(Func<HealthSnapshot, bool> condition, CancellationToken cancellationToken) =>
        WaitForAsync(condition, Timeout.InfiniteTimeSpan, null, cancellationToken);

    /// <summary>Completes as soon as the health of every broker meets a condition.</summary>
    /// <param name="condition">Called for each broker at each change; pure and quick.</param>
    /// <param name="timeout">How long to wait at most; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <param name="changed">Called at each change of a verdict or phase, one at a time, and for the last time before the wait ends.
    /// May be null.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="BrokerNotReadyException">The time is over; or, at once, one of them gave up or refused the credentials.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public Task<GroupHealth> WaitForAsync(
        Func<HealthSnapshot, bool> condition, TimeSpan timeout, Action<GroupHealth>? changed, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(condition);
        return FeedWait.ForAsync(
            Together(feed => feed.Verdicts), IsFound, timeout, _feeds[0].Time, last => TooLate(last, condition, timeout),
            cancellationToken);

        bool IsFound(GroupHealth health)
        {
            changed?.Invoke(health);
            return Judge(health, condition);
        }
    }

    private static BrokerNotReadyException TooLate(GroupHealth last, Func<HealthSnapshot, bool> condition, TimeSpan timeout)
    {
        var missing = last.Nodes.Where(node => !condition(node.Snapshot)).ToList();
        var reasons = string.Join("; ", missing.Select(node => $"{Name(node)}: {HealthReason.Of(node.Snapshot)}"));
        return new BrokerNotReadyException(
            NotReadyCause.TimedOut, missing.FirstOrDefault() ?? last.Nodes[0],
            $"timed out after {timeout.TotalSeconds:0.###} s: {reasons}");
    }

    /// <returns>Whether the condition holds for every broker.</returns>
    /// <exception cref="BrokerNotReadyException">It never will.</exception>
    private static bool Judge(GroupHealth health, Func<HealthSnapshot, bool> condition)
    {
        if (health.Nodes.All(node => condition(node.Snapshot)))
        {
            return true;
        }

        return health.Nodes.FirstOrDefault(IsHopeless) is not { } hopeless
            ? false
            : throw new BrokerNotReadyException(
                HopelessnessOf(hopeless.Snapshot)!.Value, hopeless, $"{Name(hopeless)}: {HealthReason.Of(hopeless.Snapshot)}");

        bool IsHopeless(NodeHealth node) => HopelessnessOf(node.Snapshot) is not null && !condition(node.Snapshot);
    }

    private static NotReadyCause? HopelessnessOf(HealthSnapshot snapshot) =>
        snapshot.Checks.Any(check => check is { Name: UnknownHealth.CheckName, Reason: nameof(FeedLoss.Refused) }) ? NotReadyCause.Refused
        : snapshot.Checks.Any(check => check is { Name: CheckNames.Supervision, Status: HealthStatus.Error, Reason: Reasons.GaveUp })
            ? NotReadyCause.GaveUp
        : null;

    private static string Name(NodeHealth node) => node.Management.GetLeftPart(UriPartial.Authority);

    private IObservable<GroupHealth> Together(Func<HealthFeed, IObservable<HealthSnapshot>> snapshots) => _feeds
        .Select(feed => snapshots(feed).Select(snapshot => new NodeHealth(feed.Management, snapshot)))
        .CombineLatest(nodes => new GroupHealth([.. nodes]));
}
