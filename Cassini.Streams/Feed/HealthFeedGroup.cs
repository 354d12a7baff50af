using System.Reactive.Linq;
using Cassini.Streams.Events;
using Cassini.Streams.Health;

namespace Cassini.Streams.Feed;

/// <summary>The feeds of several brokers: waited for together, and observed as one. Thread-safe. Does not own the feeds.</summary>
public sealed class HealthFeedGroup
{
    private readonly IReadOnlyList<HealthFeed> _feeds;

    /// <summary>A group.</summary>
    /// <param name="feeds">At least one.</param>
    /// <exception cref="ArgumentException">There is none.</exception>
    public HealthFeedGroup(IReadOnlyList<HealthFeed> feeds)
    {
        ArgumentNullException.ThrowIfNull(feeds);
        if (feeds.Count == 0)
        {
            throw new ArgumentException("a group of no feeds", nameof(feeds));
        }

        _feeds = [.. feeds];
    }

    /// <summary>The health of all, at once as unknown and then whenever it changes for one of them. One note at a time.</summary>
    public IObservable<GroupHealth> Snapshots => Together(feed => feed.Snapshots);

    /// <summary>Completes the moment that all of them can serve new clients at once.</summary>
    /// <param name="timeout">How long to wait at most; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="BrokerNotReadyException">The time is over; or, at once, one of them gave up or refused the credentials.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public Task<GroupHealth> WaitUntilReadyAsync(TimeSpan timeout, CancellationToken cancellation = default) =>
        WaitForAsync(static snapshot => snapshot.Ready, timeout, null, cancellation);

    /// <summary>Completes the moment that the health of each of them meets a condition.</summary>
    /// <param name="condition">Called for each at each change; pure and quick.</param>
    /// <param name="timeout">How long to wait at most; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <param name="changed">Told of each change of a verdict or phase, one at a time, the last one before the end of the wait; null for nobody.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="BrokerNotReadyException">The time is over; or, at once, one of them gave up or refused the credentials.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<GroupHealth> WaitForAsync(
        Func<HealthSnapshot, bool> condition, TimeSpan timeout, Action<GroupHealth>? changed, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(condition);
        var found = new TaskCompletionSource<GroupHealth>(TaskCreationOptions.RunContinuationsAsynchronously);
        GroupHealth? last = null;

        // Subscribed first: whatever happens from here on is seen.
        using var subscription = Together(feed => feed.Verdicts).Subscribe(
            health =>
            {
                Volatile.Write(ref last, health);
                if (found.Task.IsCompleted)
                {
                    return;
                }

                try
                {
                    changed?.Invoke(health);
                    Judge(health, condition, found);
                }
                catch (Exception failure)
                {
                    // The caller's own: it ends the wait, and is not lost with a subscription.
                    found.TrySetException(failure);
                }
            },
            failure => found.TrySetException(failure));
        try
        {
            return await found.Task.WaitAsync(timeout, _feeds[0].Time, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            var missing = Volatile.Read(ref last)!.Nodes.Where(node => !condition(node.Snapshot)).ToList();
            var reasons = string.Join("; ", missing.Select(node => $"{Name(node)}: {HealthReason.Of(node.Snapshot)}"));
            throw new BrokerNotReadyException(
                NotReadyCause.TimedOut, missing.FirstOrDefault() ?? last!.Nodes[0], $"timed out after {timeout.TotalSeconds:0.###} s: {reasons}");
        }
    }

    private static void Judge(GroupHealth health, Func<HealthSnapshot, bool> condition, TaskCompletionSource<GroupHealth> found)
    {
        if (health.Nodes.All(node => condition(node.Snapshot)))
        {
            found.TrySetResult(health);
        }
        else if (health.Nodes.FirstOrDefault(node => HopelessnessOf(node.Snapshot) is not null && !condition(node.Snapshot)) is { } hopeless)
        {
            found.TrySetException(new BrokerNotReadyException(
                HopelessnessOf(hopeless.Snapshot)!.Value, hopeless, $"{Name(hopeless)}: {HealthReason.Of(hopeless.Snapshot)}"));
        }
    }

    private static NotReadyCause? HopelessnessOf(HealthSnapshot snapshot) =>
        snapshot.Checks.Any(check => check is { Name: UnknownHealth.CheckName, Reason: nameof(FeedLoss.Refused) }) ? NotReadyCause.Refused
        : snapshot.Checks.Any(check => check is { Name: CheckNames.Supervision, Status: HealthStatus.Error, Reason: Reasons.GaveUp }) ? NotReadyCause.GaveUp
        : null;

    private static string Name(NodeHealth node) => node.Management.GetLeftPart(UriPartial.Authority);

    private IObservable<GroupHealth> Together(Func<HealthFeed, IObservable<HealthSnapshot>> snapshots) => _feeds
        .Select(feed => snapshots(feed).Select(snapshot => new NodeHealth(feed.Management, snapshot)))
        .CombineLatest(nodes => new GroupHealth([.. nodes]));
}
