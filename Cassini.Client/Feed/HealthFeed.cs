using System.Collections.Immutable;
using System.Reactive.Linq;
using Cassini.Streams.Events;
using Cassini.Streams.Health;

namespace Cassini.Streams.Feed;

/// <summary>
/// The health of a remote Cassini as a stream: connects to its <c>/events</c>, reconnects after every loss and resumes, and never
/// presents old health as current. Thread-safe.
/// </summary>
/// <remarks>
/// Every subscription has its own connection; share one with Publish and RefCount. Notes arrive one at a time, on the thread that read
/// them. An observer that throws loses its subscription. Apart from that only disposal ends a subscription. A check's status and reason
/// are current; its message and evidence are those of its last transition, because a broker sends no others.
/// </remarks>
public sealed class HealthFeed : IDisposable
{
    private static readonly ImmutableArray<EventCategory> ForVerdicts = [EventCategory.Health, EventCategory.Lifecycle];

    private readonly HealthFeedOptions _options;
    private readonly IFeedTransport _transport;
    private readonly Func<double> _random;

    /// <summary>Creates a feed that connects when it is subscribed to.</summary>
    /// <param name="management">The broker's management address: <c>http://host:port</c>, or https.</param>
    /// <param name="options">How to follow the feed; the defaults when null.</param>
    /// <exception cref="ArgumentException">The address is not absolute, or not http or https.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is outside its range.</exception>
    public HealthFeed(Uri management, HealthFeedOptions? options = null)
        : this(Root(management), options ?? new HealthFeedOptions(), null, Random.Shared.NextDouble)
    {
    }

    internal HealthFeed(Uri management, HealthFeedOptions options, IFeedTransport? transport, Func<double> random)
    {
        options.Validate();
        Management = management;
        _options = options;
        _transport = transport ?? new HttpFeedTransport(management, options);
        _random = random;
    }

    /// <summary>The broker's management address.</summary>
    public Uri Management { get; }

    /// <summary>All notes of the feed, beginning with a <see cref="FeedConnecting"/>.</summary>
    public IObservable<FeedNote> Notes => NotesOf(_options.Categories);

    /// <summary>
    /// The health: at once as unknown, and then each time that it differs visibly: in status, phase, readiness or liveness, in a check, an
    /// endpoint or a certificate, or because the broker was restarted or its revision grew. It is unknown while the feed is lost. Numbers
    /// and times alone cause no value: they are those of the last change, and <see cref="Notes"/> has each of them.
    /// </summary>
    public IObservable<HealthSnapshot> Snapshots => SnapshotsOf(Notes);

    /// <summary>Completes as soon as new clients can be served, however long that takes.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The health that was waited for.</returns>
    /// <exception cref="BrokerNotReadyException">The broker gave up or refused the credentials.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public Task<HealthSnapshot> WaitUntilReadyAsync(CancellationToken cancellationToken) =>
        WaitUntilReadyAsync(Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>Completes as soon as new clients can be served.</summary>
    /// <param name="timeout">How long to wait at most; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The health that was waited for.</returns>
    /// <exception cref="BrokerNotReadyException">The time is over; or, at once, the broker gave up or refused the credentials.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public Task<HealthSnapshot> WaitUntilReadyAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        WaitForAsync(static snapshot => snapshot.Ready, timeout, cancellationToken);

    /// <summary>Completes as soon as the health meets a condition, however long that takes.</summary>
    /// <param name="condition">Called on each change of a verdict or of the phase; pure and quick.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The health that was waited for.</returns>
    /// <exception cref="BrokerNotReadyException">The broker gave up or refused the credentials.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public Task<HealthSnapshot> WaitForAsync(Func<HealthSnapshot, bool> condition, CancellationToken cancellationToken) =>
        WaitForAsync(condition, Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>Completes as soon as the health meets a condition.</summary>
    /// <param name="condition">Called on each change of a verdict or of the phase; pure and quick.</param>
    /// <param name="timeout">How long to wait at most; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The health that was waited for.</returns>
    /// <exception cref="BrokerNotReadyException">The time is over; or, at once, the broker gave up or refused the credentials.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<HealthSnapshot> WaitForAsync(
        Func<HealthSnapshot, bool> condition, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        var found = await new HealthFeedGroup([this]).WaitForAsync(condition, timeout, null, cancellationToken).ConfigureAwait(false);
        return found.Nodes[0].Snapshot;
    }

    /// <summary>The broker's whole state, as the first line of a record: the body of <c>GET /state</c>.</summary>
    /// <exception cref="HttpRequestException">It cannot be had.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public Task<byte[]> ReadStateAsync(CancellationToken cancellationToken = default) => _transport.ReadStateAsync(cancellationToken);

    /// <summary>Ends the connections of all subscriptions, which then report a lost feed.</summary>
    public void Dispose() => _transport.Dispose();

    /// <summary>The health: at once as unknown, and then at each change of a verdict or phase.</summary>
    internal IObservable<HealthSnapshot> Verdicts => SnapshotsOf(NotesOf(ForVerdicts));

    internal TimeProvider Time => _options.Time;

    /// <summary>Refuses what the constructor would refuse.</summary>
    internal static void Check(Uri management, HealthFeedOptions? options)
    {
        Root(management);
        options?.Validate();
    }

    /// <summary>The address below which a broker's endpoints are.</summary>
    /// <exception cref="ArgumentException">It is not absolute, or not http or https.</exception>
    internal static Uri Root(Uri management)
    {
        ArgumentNullException.ThrowIfNull(management);
        if (!management.IsAbsoluteUri || management.Scheme is not ("http" or "https"))
        {
            throw new ArgumentException(
                $"'{management}' is not the address of a management port: expected http://HOST:PORT", nameof(management));
        }

        return management.AbsolutePath.EndsWith('/') ? management : new Uri(management.GetLeftPart(UriPartial.Path) + "/");
    }

    private static IObservable<HealthSnapshot> SnapshotsOf(IObservable<FeedNote> notes) =>
        notes.Select(note => note.Snapshot).DistinctUntilChanged(VisibleHealth.Comparer);

    private IObservable<FeedNote> NotesOf(ImmutableArray<EventCategory> categories)
    {
        var wanted = categories.Contains(EventCategory.Health) ? categories : categories.Add(EventCategory.Health);
        return Observable.Create<FeedNote>((observer, cancellationToken) =>
        {
            var reader = new HealthFeedReader(_options.After);
            return new FeedFollower<FeedNote>(
                reader, _options, _random, 1, (_, connecting) => _transport.OpenAsync(reader.LastId, wanted, connecting))
                .FollowAsync(new FeedConnecting(reader.Snapshot), observer, cancellationToken);
        });
    }
}
