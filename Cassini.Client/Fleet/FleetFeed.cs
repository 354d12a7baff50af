using System.Reactive.Linq;
using Cassini.Streams.Feed;
using Cassini.Streams.Health;

namespace Cassini.Streams.Fleet;

/// <summary>
/// A whole fleet as a stream: follows <c>GET /fleet</c> of one of several nodes, goes on with the next when that one is lost, and never
/// presents old health as current. Thread-safe.
/// </summary>
/// <remarks>
/// Every subscription has its own connection; share one with Publish and RefCount. Notes arrive one at a time, on the thread that read
/// them. An observer that throws loses its subscription. Apart from that only disposal ends a subscription.
/// </remarks>
public sealed class FleetFeed : IDisposable
{
    private readonly HealthFeedOptions _options;
    private readonly IReadOnlyList<IFeedTransport> _transports;
    private readonly Func<double> _random;

    /// <summary>Creates a feed that connects when it is subscribed to.</summary>
    /// <param name="managements">
    /// The management addresses of nodes of the fleet, <c>http://host:port</c> or https; at least one. The first is tried first. Not each
    /// node must be among them.
    /// </param>
    /// <param name="options">
    /// How to follow the feed; the defaults when null. <see cref="HealthFeedOptions.Categories"/> and
    /// <see cref="HealthFeedOptions.After"/> have no meaning for a fleet.
    /// </param>
    /// <exception cref="ArgumentException">There is no address, or one is not absolute, or not http or https.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is outside its range.</exception>
    public FleetFeed(IReadOnlyList<Uri> managements, HealthFeedOptions? options = null)
        : this(RootsOf(managements), options ?? new HealthFeedOptions(), null, Random.Shared.NextDouble)
    {
    }

    internal FleetFeed(
        IReadOnlyList<Uri> managements, HealthFeedOptions options, IReadOnlyList<IFeedTransport>? transports, Func<double> random)
    {
        options.Validate();
        Managements = managements;
        _options = options;
        _transports = transports ?? [.. managements.Select(management => new HttpFeedTransport(management, options))];
        _random = random;
    }

    /// <summary>The management addresses, in the order in which they are tried.</summary>
    public IReadOnlyList<Uri> Managements { get; }

    /// <summary>All notes of the feed, beginning with a <see cref="FleetConnecting"/>.</summary>
    public IObservable<FleetFeedNote> Notes => Observable.Create<FleetFeedNote>((observer, cancellationToken) =>
    {
        var reader = new FleetFeedReader(Managements);
        return new FeedFollower<FleetFeedNote>(
            reader, _options, _random, _transports.Count,
            (address, connecting) => _transports[address].OpenFleetAsync(reader.Try(address), connecting))
            .FollowAsync(new FleetConnecting(reader.Snapshot), observer, cancellationToken);
    });

    /// <summary>
    /// The fleet: at once as unknown and without nodes, and then each time that it differs visibly: a node came, went, or its state or
    /// health changed, or another node speaks. Every node is unknown while no address answers. Numbers and times alone cause no value.
    /// </summary>
    public IObservable<FleetSnapshot> Snapshots => Notes.Select(note => note.Snapshot).DistinctUntilChanged(VisibleFleet.Comparer);

    /// <summary>Completes as soon as so many nodes are ready and each hears the others, however long that takes.</summary>
    /// <param name="count">How many nodes; at least 1.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <inheritdoc cref="WaitUntilReadyAsync(int, TimeSpan, CancellationToken)"/>
    public Task<FleetSnapshot> WaitUntilReadyAsync(int count, CancellationToken cancellationToken) =>
        WaitUntilReadyAsync(count, Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>Completes as soon as so many nodes are ready and each hears the others.</summary>
    /// <param name="count">How many nodes; at least 1.</param>
    /// <param name="timeout">How long to wait at most; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The fleet that was waited for.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The count is less than 1.</exception>
    /// <exception cref="FleetNotReadyException">
    /// The time is over; or, at once: every address refused the credentials, the broker is on its own though more than one node must be
    /// there, or so many of the nodes gave up that too few are left.
    /// </exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public Task<FleetSnapshot> WaitUntilReadyAsync(int count, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        WaitUntilReadyAsync(count, false, timeout, null, cancellationToken);

    /// <summary>Completes as soon as the fleet meets a condition, however long that takes.</summary>
    /// <param name="condition">Called at each note but heartbeats; pure and quick.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <inheritdoc cref="WaitUntilAsync(Func{FleetSnapshot, bool}, TimeSpan, CancellationToken)"/>
    public Task<FleetSnapshot> WaitUntilAsync(Func<FleetSnapshot, bool> condition, CancellationToken cancellationToken) =>
        WaitUntilAsync(condition, Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>Completes as soon as the fleet meets a condition.</summary>
    /// <param name="condition">Called at each note but heartbeats; pure and quick.</param>
    /// <param name="timeout">How long to wait at most; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The fleet that was waited for.</returns>
    /// <exception cref="FleetNotReadyException">The time is over; or, at once, every address refused the credentials.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public Task<FleetSnapshot> WaitUntilAsync(
        Func<FleetSnapshot, bool> condition, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(condition);
        return WaitAsync(condition, _ => null, fleet => FleetReadiness.WhyNot(fleet, 1), timeout, null, cancellationToken);
    }

    /// <summary>Ends the connections of all subscriptions, which then report lost addresses.</summary>
    public void Dispose()
    {
        foreach (var transport in _transports)
        {
            transport.Dispose();
        }
    }

    /// <param name="count">How many nodes; at least 1.</param>
    /// <param name="mustBeOk">Whether nothing may be wrong with the fleet either.</param>
    /// <param name="timeout">How long to wait at most.</param>
    /// <param name="noted">Called with each note, one at a time, and for the last time before the wait ends. May be null.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <inheritdoc cref="WaitUntilReadyAsync(int, TimeSpan, CancellationToken)"/>
    internal Task<FleetSnapshot> WaitUntilReadyAsync(
        int count, bool mustBeOk, TimeSpan timeout, Action<FleetFeedNote>? noted, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return WaitAsync(
            fleet => mustBeOk ? FleetReadiness.IsOk(fleet, count) : FleetReadiness.IsReady(fleet, count),
            fleet => HopelessnessOf(fleet, count),
            fleet => mustBeOk ? FleetReadiness.WhyNotOk(fleet, count) : FleetReadiness.WhyNot(fleet, count),
            timeout, noted, cancellationToken);
    }

    private static Uri[] RootsOf(IReadOnlyList<Uri> managements)
    {
        ArgumentNullException.ThrowIfNull(managements);
        return managements.Count == 0
            ? throw new ArgumentException("a fleet of no addresses", nameof(managements))
            : [.. managements.Select(HealthFeed.Root)];
    }

    /// <param name="condition">What is waited for.</param>
    /// <param name="hopelessness">Why it will never be; null when it may be.</param>
    /// <param name="whyNot">What is missing.</param>
    /// <param name="timeout">How long to wait at most.</param>
    /// <param name="noted">Called with each note. May be null.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    private async Task<FleetSnapshot> WaitAsync(
        Func<FleetSnapshot, bool> condition,
        Func<FleetSnapshot, (NotReadyCause Cause, string Why)?> hopelessness,
        Func<FleetSnapshot, string> whyNot,
        TimeSpan timeout,
        Action<FleetFeedNote>? noted,
        CancellationToken cancellationToken)
    {
        var found = await FeedWait.ForAsync(
            Notes.Where(note => note is not FleetHeartbeat), IsFound, timeout, _options.Time, TooLate, cancellationToken)
            .ConfigureAwait(false);
        return found.Snapshot;

        bool IsFound(FleetFeedNote note)
        {
            noted?.Invoke(note);
            if (condition(note.Snapshot))
            {
                return true;
            }

            var hopeless = RefusalOf(note) ?? hopelessness(note.Snapshot);
            return hopeless is not { } never ? false : throw new FleetNotReadyException(never.Cause, note.Snapshot, never.Why);
        }

        Exception TooLate(FleetFeedNote last)
        {
            var why = last is FleetLost lost ? string.Join("; ", lost.All) : whyNot(last.Snapshot);
            return new FleetNotReadyException(
                NotReadyCause.TimedOut, last.Snapshot, why, $"timed out after {timeout.TotalSeconds:0.###} s: {why}");
        }
    }

    /// <summary>One address that answers is enough, so only the refusal of all of them is final.</summary>
    private (NotReadyCause Cause, string Why)? RefusalOf(FleetFeedNote note) =>
        note is FleetLost { All: var all } && all.Length == Managements.Count && all.All(loss => loss.Reason == FeedLoss.Refused)
            ? (NotReadyCause.Refused, string.Join("; ", all))
            : null;

    private static (NotReadyCause Cause, string Why)? HopelessnessOf(FleetSnapshot fleet, int count)
    {
        if (fleet is { Fleet: null, Nodes: [var only] } && count > 1)
        {
            return (
                NotReadyCause.NoFleet,
                $"{only.Node} is a broker on its own and no node of a fleet, so there will not be {count} nodes");
        }

        var lost = fleet.Nodes.Where(HasGivenUp).ToList();
        return lost.Count > 0 && fleet.Nodes.Length >= count && fleet.Nodes.Length - lost.Count < count
            ? (NotReadyCause.GaveUp, FleetReadiness.WhyNot(fleet, count))
            : null;
    }

    private static bool HasGivenUp(FleetNode node) => !node.Snapshot.Ready
        && node.Snapshot.Failing.Any(check => check is { Name: CheckNames.Supervision, Reason: Reasons.GaveUp });
}
