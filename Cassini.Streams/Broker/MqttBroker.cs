using System.Collections.Immutable;
using Cassini.Streams.Broker.Access;
using Cassini.Streams.Broker.Connections;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Broker.Tracing;
using Cassini.Streams.Broker.Upkeep;
using Cassini.Streams.Events;
using Cassini.Streams.Listening.Connections;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Primitives;
using Cassini.Streams.Quotas;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Broker;

/// <summary>
/// The broker: serves MQTT 5.0, 3.1.1 and 3.1 on the connections that it is given, and lets .NET code publish and observe messages.
/// Thread-safe.
/// </summary>
public sealed class MqttBroker : ISessionHandler
{
    /// <summary>MQTT 5.0 §6; the second is what clients of MQTT 3.1 offer.</summary>
    private static readonly ImmutableArray<string> Subprotocols = ["mqtt", "mqttv3.1"];

    private readonly BrokerOptions _options;
    private readonly AccountTable _accounts;
    private readonly IBrokerStore _store;
    private readonly ConnectReceiver _receiver;
    private readonly ServePhase _serving;
    private readonly AccessControl _access;
    private readonly IdentityWork _work;
    private readonly BrokerEvents _events;
    private readonly TimeProvider _time;
    private readonly Router _router;
    private readonly ServerPublisher _publisher;
    private readonly LocalPublisher _local;
    private readonly LocalObservers _observers;
    private readonly LocalParty _ofBroker;
    private readonly MessageTracer _tracer;
    private readonly Violations _violations;
    private readonly ILogger _logger;
    private readonly Intake _intake = new();
    private readonly SessionUpkeep _upkeep;

    /// <summary>Creates a broker.</summary>
    /// <param name="options">What clients may do.</param>
    /// <param name="version">The version that is published under <c>$SYS/broker/version</c>.</param>
    /// <param name="accounts">What each identity has of what all share.</param>
    /// <param name="store">Keeps its state.</param>
    /// <param name="events">Where it publishes its events.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    /// <param name="tracing">Which messages begin traces, and where; null for no traces.</param>
    internal MqttBroker(
        BrokerOptions options,
        string version,
        AccountTable accounts,
        IBrokerStore store,
        IEventPublisher events,
        TimeProvider time,
        ILogger<MqttBroker> logger,
        MessageTracing? tracing = null)
    {
        _options = options;
        _accounts = accounts;
        _store = store;
        _time = time;
        _logger = logger;
        _events = new BrokerEvents(events, time);
        _tracer = new MessageTracer(tracing?.Spans, tracing?.Ratio ?? 0, time, failure => BrokerLog.SpanListenerFailed(logger, failure));
        _violations = new Violations(_events, logger);
        Budget = new MemoryBudget(
            options.MemoryLimit > 0 ? options.MemoryLimit : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 5 * 2, accounts);
        _work = new IdentityWork(Turns, time);
        Topics = new TopicTable(options, accounts, Budget, Tree, events, time);
        Retained = new RetainedMessages(options, accounts, Budget, store, Tree, time);
        Sessions = new SessionTable(options, accounts, store, Tree, Retained, Budget, Counters, _events, _work, time,
            failure => BrokerLog.ReadingBackFailed(_logger, failure));
        _router = new Router(Topics, Retained, time);
        _access = new AccessControl(options.Access);
        _publisher = new ServerPublisher(accounts.OfBroker, Topics, _router, store, _work, time, MayPublish);
        Releasing = new SessionRelease(Sessions, _publisher);
        Shares = new ShareRouter(Tree, accounts.OfBroker, Counters, time);
        Peers = new PeerPublisher(accounts, Topics, Retained, _router, Shares, time);
        _receiver = new ConnectReceiver(options, store.Durability, time);
        Connecting = new ConnectPhase(
            options, _access, Sessions, store, _intake, _publisher, _work,
            new TakeOverPace(options.MaxTakeOverDelay, Counters, time), _events, time, HandlerOf);
        _serving = new ServePhase(options, store.Durability, _intake, _work, time);
        _local = new LocalPublisher(options, _intake, _publisher, store, Counters, _events, () => RetainedUse, Sessions, time);
        _ofBroker = LocalParty.OfBroker(Budget.Of(accounts.OfBroker));
        _observers = new LocalObservers(Tree, Retained, options, Counters, time, logger);
        Drain = new BrokerDrain(Sessions, _intake, time);
        Rewriter = new StoreRewriter(store, Sessions, Retained, time);
        Administration = new Administration(Sessions, Retained, _publisher);
        AccessReview = new AccessReview(_access, Sessions, _observers, _events, time);
        _upkeep = new SessionUpkeep(accounts, Sessions, _publisher, _events, time);
        Housekeeper = new Housekeeper(
            time,
            _upkeep.Forgive,
            new HousekeepingJob(TimeSpan.Zero, _upkeep.WorkAsync, JudgesClients: true),
            new HousekeepingJob(TimeSpan.FromSeconds(1), new DropReport(Sessions, Counters, _events, time).PublishAsync),
            new HousekeepingJob(TimeSpan.FromSeconds(10), SweepAsync),
            new HousekeepingJob(
                options.SysInterval,
                new SysTopics(version, Sessions, Tree, Retained, Topics, Budget, Counters, _publisher, time).PublishAsync,
                AtStart: true));
    }

    /// <summary>The broker's counters and current load.</summary>
    public BrokerStatistics Statistics => new(
        Sessions.Count,
        Sessions.Open,
        Tree.Count,
        Topics.Count,
        Retained.Count,
        Sessions.All.Sum(session => (long)session.Deliveries.Backlog),
        Budget.Used,
        Budget.Limit,
        Counters.PacketsReceived,
        Counters.PublishReceived,
        Counters.PublishSent,
        Counters.Dropped,
        Counters.Expired,
        Counters.Denied,
        Counters.Violations,
        Counters.TooLarge)
    {
        PeakSessions = Sessions.Peak,
        DelayedTakeOvers = Counters.Delayed,
        SessionsRefused = Counters.SessionsRefused,
        Refused = Counters.Refused,
        BytesSent = Counters.BytesSent,
        SessionsEndedWithConnection = Counters.SessionsEnded(SessionEndReason.EndedWithConnection),
        SessionsExpired = Counters.SessionsEnded(SessionEndReason.Expired),
        SessionsEndedByOperator = Counters.SessionsEnded(SessionEndReason.Administrative),
        SessionsDiscarded = Counters.SessionsEnded(SessionEndReason.CleanStart),
        SessionsMoved = Counters.SessionsEnded(SessionEndReason.Moved),
    };

    /// <summary>The identity for whose absent clients most messages wait, and how many; null and 0 when none do.</summary>
    internal (string? Identity, long Messages) AbsentBacklog => Sessions.All
        .Where(session => !session.IsReachable)
        .Select(session => (session.Identity, Messages: (long)session.Deliveries.Backlog))
        .Where(waiting => waiting.Messages > 0)
        .GroupBy(waiting => waiting.Identity, waiting => waiting.Messages)
        .Select(waiting => ((string?)waiting.Key, waiting.Sum()))
        .OrderByDescending(waiting => waiting.Item2)
        .FirstOrDefault();

    /// <summary>How many of the retained messages that may be there are; null when there may be none.</summary>
    internal ResourceUse? RetainedUse => _options.MaxRetained == 0 ? null : Retained.Use;

    internal MemoryBudget Budget { get; }

    internal BrokerCounters Counters { get; } = new();

    internal SubscriptionTree Tree { get; } = new();

    internal TopicTable Topics { get; }

    /// <summary>The access rules in force.</summary>
    internal ImmutableArray<AccessRule> AccessRules => _access.InForce.Rules;

    /// <summary>Finds other members for messages of shared subscriptions.</summary>
    internal ShareRouter Shares { get; }

    /// <summary>Takes the messages of other nodes.</summary>
    internal PeerPublisher Peers { get; }

    internal RetainedMessages Retained { get; }

    /// <summary>Gives up sessions to other nodes.</summary>
    internal SessionRelease Releasing { get; }

    /// <summary>When busy identities work: as many at once as there are processors.</summary>
    internal WorkTurns Turns { get; } = new(Environment.ProcessorCount);

    internal SessionTable Sessions { get; }

    internal ConnectPhase Connecting { get; }

    internal Housekeeper Housekeeper { get; }

    /// <summary>Empties the broker before it stops.</summary>
    internal BrokerDrain Drain { get; }

    /// <summary>What operators do to make room.</summary>
    internal Administration Administration { get; }

    /// <summary>Changes the access rules.</summary>
    internal AccessReview AccessReview { get; }

    /// <summary>Ends when everything has reached its subscribers that was being published at the call. Any thread.</summary>
    internal Task WhenPublishedAsync() => Task.WhenAll(_intake.WhenOutOfBatchesAsync(), _publisher.WhenPublishedAsync());

    /// <summary>Keeps the store small.</summary>
    internal StoreRewriter Rewriter { get; }

    /// <summary>Restores the state that the store kept. Call it once, before the first connection arrives.</summary>
    internal async Task LoadAsync(CancellationToken cancellationToken)
    {
        var state = await _store.LoadAsync(_options.MaxQueuedInMemory, cancellationToken).ConfigureAwait(false);
        Retained.Restore(state.RetainedMarks, state.RetainedFloor);
        foreach (var (message, identity, stamp) in state.Retained)
        {
            Retained.Restore(message, identity, stamp);
            Topics.Get(message.Topic.Utf8);
        }

        foreach (var session in state.Sessions.Where(session => !session.IsOnlyForOthers))
        {
            Sessions.Restore(session);
        }

        foreach (var session in state.Sessions.Where(session => session.IsOnlyForOthers))
        {
            await Sessions.HandOnAsync(session).ConfigureAwait(false);
        }

        await AccessReview.ReviewRestoredAsync().ConfigureAwait(false);
        foreach (var kept in state.Wills)
        {
            RestoreWill(kept);
        }

        if (Sessions.Fleet is null or { HasJoined: true })
        {
            await _upkeep.PublishRestoredAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Writes what lives to the store once more when that is due. Run it under a supervisor until it is cancelled.</summary>
    internal Task RunStoreAsync(CancellationToken cancellationToken) => Rewriter.RunAsync(cancellationToken);

    /// <summary>Runs the periodic work: keep alive, expiry, wills, statistics. Run it under a supervisor until it is cancelled.</summary>
    internal Task RunAsync(CancellationToken cancellationToken) => Housekeeper.RunAsync(cancellationToken);

    /// <inheritdoc/>
    ImmutableArray<string> IConnectionHandler.WebSocketSubprotocols => Subprotocols;

    Task IConnectionHandler.HandleAsync(Connection connection, CancellationToken cancellationToken) =>
        Open(connection).RunAsync(cancellationToken);

    /// <summary>
    /// Publishes a message like a client that may publish to all topics. Waits while the memory for messages is exhausted. While the store
    /// keeps no new messages, those of which anything would be stored are refused. Any thread.
    /// </summary>
    /// <returns>
    /// What became of it: <see cref="PublishOutcome.Refused"/> says that no one receives it. It does not wait until it is durable.
    /// </returns>
    /// <exception cref="ArgumentException">The topic is not a topic name, or longer or deeper than the options allow; the payload is
    /// larger than <see cref="BrokerOptions.MaxPacketSize"/>; a text is not well-formed Unicode, has U+0000, or is longer than 65,535
    /// bytes; or the response topic is not a topic name.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled while it waited: the message is not published.</exception>
    public async ValueTask<PublishOutcome> PublishAsync(MqttMessage message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        var verdict = await _local.PublishAsync(_ofBroker, message, remoteAddress: null, cancellationToken).ConfigureAwait(false);
        return verdict.Outcome;
    }

    /// <summary>
    /// A client within this process: what it publishes and receives is judged by the access rules, and counts for its identity.
    /// </summary>
    /// <param name="identity">Its identity, as in the access rules.</param>
    /// <param name="clientId">Its client identifier, as in the access rules. It has no session: a real client may have the same.</param>
    internal LocalClient CreateClient(string identity, string clientId) => new(
        identity, clientId, _options, _accounts, _access, Budget, _local, _observers, Retained, _store, Counters, _events, _time);

    /// <summary>
    /// Retains one of the broker's own messages and delivers it to its subscribers. Never waits and is never refused. Any thread.
    /// </summary>
    /// <param name="topic">A topic under <c>$SYS/</c>.</param>
    /// <param name="payload">The payload.</param>
    internal void PublishSystem(string topic, ReadOnlyMemory<byte> payload) =>
        _publisher.PublishSystem(MqttText.Encode(topic), payload, QualityOfService.AtLeastOnce);

    /// <summary>
    /// The messages whose topics match a filter: first the retained messages, then new ones as they are published. Each observer has
    /// its own bounded queue and is called from the thread pool. An observer that is too slow loses messages, which are counted. An
    /// observer that throws receives its exception as OnError and is not called again. Completes when the broker stops, after the messages
    /// that wait for the observer. Any thread.
    /// </summary>
    /// <param name="filter">A topic filter; with <c>$share/NAME/FILTER</c> the observer takes turns with the other members of that
    /// share.</param>
    /// <exception cref="ArgumentException">It is not a topic filter.</exception>
    public IObservable<MqttMessage> Observe(string filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var encoded = MqttText.Encode(filter);
        if (!TopicFilter.TryParse(encoded, out _, out _))
        {
            throw new ArgumentException($"'{filter}' is not a topic filter", nameof(filter));
        }

        return new LocalObservable(_observers, _ofBroker, filter);
    }

    /// <summary>
    /// Completes the observers of <see cref="Observe"/>, each when it has received the messages that wait for it; later observers complete
    /// at once. The code that created the broker calls it at the end. Any thread, any number of times.
    /// </summary>
    /// <returns>Completes when all observers have returned, and at the latest after two seconds.</returns>
    internal Task CompleteAsync() => _observers.CompleteAsync();

    /// <summary>The topics in use, without the broker's own, in no order.</summary>
    public IReadOnlyList<TopicInfo> GetTopics() => [.. Topics.All.Select(InfoOf)];

    /// <summary>Levels of the topics in use as a tree, without the broker's own.</summary>
    internal ImmutableArray<TopicLevel> GetTopicLevels(IReadOnlyList<TopicLevelQuery> levels) =>
        TopicLevel.Of(Topics.All, levels, InfoOf);

    /// <summary>The subscriptions that receive the messages of a topic.</summary>
    /// <param name="topic">A topic name.</param>
    /// <exception cref="ArgumentException">It is not a topic name.</exception>
    public IReadOnlyList<SubscriptionInfo> GetSubscriptions(string topic)
    {
        ArgumentNullException.ThrowIfNull(topic);
        var encoded = MqttText.Encode(topic);
        if (!TopicName.IsValid(encoded))
        {
            throw new ArgumentException($"'{topic}' is not a topic name", nameof(topic));
        }

        return [.. Tree.Find(encoded).Where(subscription => subscription.Subscriber.IsListed).Select(InfoOf)];
    }

    /// <summary>The sessions, open and kept, in no order. Any thread.</summary>
    public IReadOnlyList<SessionInfo> GetSessions() => GetSessions(static session => session);

    /// <summary>What is made of each session, open or kept, in no order. Any thread.</summary>
    internal IReadOnlyList<T> GetSessions<T>(Func<SessionInfo, T> make)
    {
        var made = new List<T>(Sessions.Count);
        foreach (var session in Sessions.All)
        {
            made.Add(make(session.Describe()));
        }

        return made;
    }

    /// <summary>The session of a client. Any thread.</summary>
    /// <returns>Null when it has none.</returns>
    public SessionInfo? FindSession(string clientId)
    {
        ArgumentNullException.ThrowIfNull(clientId);
        return Sessions.Find(clientId)?.Describe();
    }

    /// <summary>The subscriptions of a client, in no order; none when it has no session. Any thread.</summary>
    public IReadOnlyList<SubscriptionInfo> GetClientSubscriptions(string clientId)
    {
        ArgumentNullException.ThrowIfNull(clientId);

        // What is kept for another node is for many topics whose names are not known here.
        return [.. Sessions.Find(clientId)?.Subscriptions.All.Where(one => !KeptHashes.IsAny(one.Filter)).Select(InfoOf) ?? []];
    }

    /// <summary>Creates the handler of a connection that is not served yet.</summary>
    internal ClientConnection Open(Connection connection)
    {
        var counters = connection.IsProbe ? new BrokerCounters() : Counters;
        var memory = Budget.Of(connection.Account);
        return new ClientConnection(connection, counters, memory, _work, _receiver, Connecting, _serving, _violations, _logger);
    }

    /// <summary>The will of a client whose connection ended with the broker: it waits with its session, or is published next.</summary>
    private void RestoreWill(WillState kept)
    {
        var account = _accounts.Open(kept.Will.Identity);
        var will = HeldWill.Restore(kept, Budget.Of(account), _store);
        var session = Sessions.Find(kept.Will.ClientId) is { } found && found.Account == account ? found : null;
        _upkeep.AddRestored(session is null ? will : session.Restore(will, kept.Age), account, session);
    }

    /// <summary>Whether the rules in force allow a will. It was judged at CONNECT too.</summary>
    private bool MayPublish(HeldWill will)
    {
        if (_access.InForce.Of(will.Identity, will.ClientId).MayPublish(will.Topic))
        {
            return true;
        }

        Counters.AddDenied();
        var denied = new AccessDenied(
            0, will.Identity, "publish", SafeText.Cut(MqttText.Decode(will.Topic), SafeText.Short),
            "the will, because the access rules have changed after CONNECT");
        _events.PublishLimited(denied, will.Identity, denied.Action);
        return false;
    }

    private TopicInfo InfoOf(Topic topic) => new(
        topic.Name, SubscribersOf(topic), Retained.Get(topic.Utf8) is not null, _time.GetElapsedTime(topic.UsedAt));

    /// <summary>How many subscribers its last message had; null when subscriptions have changed since.</summary>
    private int? SubscribersOf(Topic topic) =>
        topic.Route is { } route && route.Version == Tree.Version ? route.Subscribers : null;

    private static SubscriptionInfo InfoOf(Subscription subscription)
    {
        var (clientId, identity) = subscription.Subscriber switch
        {
            Session session => (session.ClientId, session.Identity),
            LocalSubscriber local => (local.Party.ClientId, local.Party.Identity),
            _ => (null, null),
        };
        return new SubscriptionInfo(
            clientId, identity, subscription.Filter, subscription.QoS, subscription.Subscriber.IsReachable)
        {
            NoLocal = subscription.NoLocal,
            RetainAsPublished = subscription.RetainAsPublished,
        };
    }

    private PacketHandler HandlerOf(ClientLink link, Client client) => new(
        _options,
        _time,
        link,
        client,
        new Admission(_options, _intake, link.Connection.Memory, _events, _time, client.IsProbe),
        new PublishHandler(
            _options, new TopicCache(_options, Topics, client.Rights, link.Connection.Memory), _router, _store, _tracer, _events,
            () => RetainedUse, link, client),
        new SubscribeHandler(_options, _events, () => Sessions.SharedUse, link, client));

    private async ValueTask SweepAsync()
    {
        await Retained.SweepAsync().ConfigureAwait(false);
        await Topics.SweepAsync(topic => Retained.Get(topic.Utf8) is not null).ConfigureAwait(false);
    }
}
