using Cassini.Management.Access;
using Cassini.Management.Control;
using Cassini.Management.Feed;
using Cassini.Management.Fleet;
using Cassini.Management.Http;
using Cassini.Management.Messages;
using Cassini.Management.Pages;
using Cassini.Management.Probes;
using Cassini.Management.Tables;
using Cassini.Management.Telemetry;
using Cassini.Streams.Broker.Upkeep;
using Cassini.Streams.Cluster.Fleet;
using Cassini.Streams.Health.Projection;
using Cassini.Streams.Quotas;

namespace Cassini.Management;

/// <summary>Every endpoint, and what they share: made once for an application, and disposed after its server has stopped.</summary>
internal sealed class ManagementSurface : IAsyncDisposable
{
    /// <summary>Messages that are read and published at once: the body of each is in memory.</summary>
    private const int MostPublished = 32;

    private const int MostPublishedOfCaller = 8;

    private readonly ManagedBroker _broker;
    private readonly string _name;
    private readonly bool _enableFaults;
    private readonly Refusals _refusals;
    private readonly ILogger _logger;
    private readonly SnapshotBodies _bodies;
    private readonly SharedPlaces _waitPlaces;
    private readonly ProbeWaits _waits;
    private readonly ProbeWaits _strangersWaits;
    private readonly FeedRegistry _feeds;
    private readonly string _rules;
    private readonly LocalClient? _client;
    private readonly MessageStreams? _streams;
    private readonly Publications? _publications;
    private readonly CassiniMetrics _metrics;
    private readonly RecentRows<ConnectionRow> _connections;
    private readonly RecentRows<SessionRow>? _sessions;
    private readonly RequestRates? _drainRates;
    private readonly TimeSpan _heartbeat;
    private readonly TimeProvider _time;
    private readonly FleetProjection? _ownFleet;
    private readonly CancellationTokenRegistration _stopping;

    /// <summary>Makes what the endpoints share.</summary>
    /// <param name="broker">The broker that is managed.</param>
    /// <param name="options">Caps, tokens and the heartbeat of the feed.</param>
    /// <param name="access">Checks every request, and says whether callers are distinguished.</param>
    /// <param name="export">Where metrics go beside /metrics; null for nowhere.</param>
    /// <param name="time">The one clock.</param>
    /// <param name="logger">Logs what operators need to know about tokens and drains.</param>
    /// <param name="stopping">Ends feeds and long polls.</param>
    /// <exception cref="ExportConfigurationException">The export cannot be used as it is configured.</exception>
    public ManagementSurface(
        ManagedBroker broker, ManagementOptions options, SurfaceAccess access,
        OtlpExport? export, TimeProvider time, ILogger logger, CancellationToken stopping)
    {
        _broker = broker;
        _name = ManagementSettings.NameOf(options);
        _enableFaults = options.EnableFaults;
        _refusals = access.Refusals;
        _logger = logger;
        Access = access;
        _bodies = new SnapshotBodies(_name, options.FeedHeartbeat, broker.History);
        _waitPlaces = new SharedPlaces("waits", options.MaxWaits, access.Places(options.MaxWaitsPerCaller));
        _waits = new ProbeWaits(broker.Health, time, _refusals, _waitPlaces, stopping);

        // Anonymous callers can use up at most half, so that a caller with credentials finds a slot.
        var strangersPlaces = _waitPlaces.Part("waits without credentials", Math.Max(1, options.MaxWaits / 2));
        _strangersWaits = new ProbeWaits(broker.Health, time, _refusals, strangersPlaces, stopping);
        var feedPlaces = new SharedPlaces("feeds", options.MaxFeeds, access.Places(options.MaxFeedsPerCaller));
        _feeds = new FeedRegistry(broker.Hub, broker.Health, _bodies, feedPlaces, options.FeedHeartbeat, time);

        (_heartbeat, _time) = (options.FeedHeartbeat, time);
        _ownFleet = broker.Fleet is null ? new FleetProjection(null, _name, broker.Hub, broker.Health, time) : null;

        // No caller may guess the shutdown token at full speed, also where the guard limits no requests.
        _drainRates = access.Shutdown.AreConfigured
            ? new RequestRates(options.RequestRate, options.RequestBurst, _refusals)
            : null;
        _metrics = new CassiniMetrics(Read, broker.Hub, broker.Mqtt is not null, broker.Store is not null, export, time);
        _connections = ConnectionEndpoints.RowsOf(broker.Connections, time);
        _sessions = broker.Mqtt is { } mqtt ? SessionEndpoints.RowsOf(mqtt, time) : null;
        _rules = access.IsPerEndpoint ? "BrokerOptions.Access" : "Broker:Access";
        _client = broker.Mqtt?.CreateClient(options.ClientIdentity, options.ClientIdentity);
        if (_client is not null)
        {
            var streamPlaces = new SharedPlaces(
                "message streams", options.MaxMessageStreams, access.Places(options.MaxMessageStreamsPerCaller));
            _streams = new MessageStreams(_client, streamPlaces, options.FeedHeartbeat, time);
            var publishing = new SharedPlaces("messages under way", MostPublished, access.Places(MostPublishedOfCaller));
            _publications = new Publications(_client, publishing, time, logger, stopping);
        }

        _stopping = stopping.UnsafeRegister(static surface => ((ManagementSurface)surface!).Stop(), this);
    }

    /// <summary>What stands before every endpoint.</summary>
    public SurfaceAccess Access { get; }

    /// <summary>Reads the files of tokens for the first time.</summary>
    /// <exception cref="AccessConfigurationException">A token file cannot be used.</exception>
    public Task LoadAsync() => Access.LoadAsync();

    /// <summary>Maps every endpoint: the one list of them.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        var strangers = new PublicProbes(_strangersWaits);
        routes.MapIndex();
        routes.MapDashboard();
        routes.MapProbes(_broker.Health, _waits, strangers);
        routes.MapHealthz(_broker.Health, _waits, strangers, _bodies);
        routes.MapEvents(_broker.Hub, _broker.Health, _broker.History, _feeds);
        var remedies = new Remedies(_broker.Mqtt, _broker.Disconnect, _broker.DisconnectIdentity, _broker.Hub);
        routes.MapFleet(_broker.Fleet ?? _ownFleet!, _feeds, remedies, _heartbeat, _time);
        routes.MapRuns(_broker.History);
        routes.MapEvent(_broker.Hub.Log);
        routes.MapState(_broker.Health, _name);
        routes.MapMetrics(_metrics, _refusals);
        routes.MapCertificates(_broker.Health);
        routes.MapConnections(_broker.Connections, _connections, remedies.Disconnect);
        routes.MapSessions(_broker.Mqtt, _sessions, _broker.Connections, _broker.Accounts);
        routes.MapIdentities(_broker.Accounts);
        routes.MapConfig(_broker.Settings);
        routes.MapLogLevel(_broker.LogLevels);
        routes.MapRemedies(remedies);
        routes.MapHandshakes(_broker.RefusedHandshakes);
        routes.MapTopics(_broker.Mqtt);
        routes.MapTopicTree(_broker.Mqtt);
        routes.MapRetained(_client, _rules);
        routes.MapPublish(_publications, _rules);
        routes.MapMessageStream(_streams, _rules);
        routes.MapFaults(
            _enableFaults ? _broker.Rehearsals : null,
            Access.IsPerEndpoint ? $"set {Access.SettingOf(nameof(ManagementOptions.EnableFaults))}" : "start with --enable-faults");
        routes.MapDrain(
            _broker.RequestStop, Access,
            (Access.IsPerEndpoint ? Access.SettingOf(nameof(ManagementOptions.ShutdownToken)) : "CASSINI_SHUTDOWN_TOKEN")
                + $" or {Access.SettingOf(nameof(ManagementOptions.ShutdownTokenPath))}",
            _drainRates, _refusals, _logger);
        routes.MapRunbook();
        routes.MapManagementDocument();
    }

    /// <summary>Ends; later calls change nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        _stopping.Dispose();
        _feeds.Dispose();
        _ownFleet?.Dispose();
        _drainRates?.Dispose();
        _connections.Dispose();
        _sessions?.Dispose();
        Access.Dispose();
        await _metrics.DisposeAsync();
    }

    private void Stop()
    {
        _feeds.Stop();
        _streams?.Stop();
    }

    private MetricsReading Read()
    {
        var hub = _broker.Hub;
        return new MetricsReading(
            _broker.Health.Current,
            _broker.Mqtt?.Statistics,
            new EventNumbers(hub.Log.Newest, hub.Log.Oldest, hub.Log.Capacity, hub.LateEvents, hub.FoldFaults),
            new FeedNumbers(_feeds.Count, _feeds.Sent, _feeds.Refused, _feeds.Resets),
            _waitPlaces.Count,
            _refusals.Counts)
        {
            Messages = _streams is null || _publications is null
                ? default
                : new MessageNumbers(_publications.Count, _streams.Count, _streams.Sent, _streams.Dropped),
            OverQuota = _broker.Accounts is { } accounts
                ? [.. QuotaResources.All.Select(resource => KeyValuePair.Create(Words.Of(resource), accounts.OverQuota(resource)))]
                : [],
            Store = _broker.Store?.Invoke(),
            History = _broker.History?.Status is { } history
                ? new HistoryNumbers(history.Problem is null, history.Bytes, history.Lost, history.Failures)
                : default,
        };
    }
}
