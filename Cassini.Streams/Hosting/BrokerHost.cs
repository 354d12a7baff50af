using System.Diagnostics;
using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Tracing;
using Cassini.Streams.Cluster.Fleet;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health.Projection;
using Cassini.Streams.Listening;
using Cassini.Streams.Store;
using Cassini.Streams.Store.Ledgers;
using Cassini.Streams.Tls.Files;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Hosting;

/// <summary>
/// Hosts the MQTT broker: a <see cref="ServiceHost"/> that serves MQTT, keeps the broker's house, retains its health under <c>$SYS</c> and
/// delivers what was accepted before it stops. Members may be called from any thread.
/// </summary>
public sealed class BrokerHost : IAsyncDisposable
{
    private readonly Journal? _journal;
    private readonly FleetNode? _node;

    /// <summary>Makes an MQTT broker; nothing is bound before <see cref="StartAsync"/>.</summary>
    /// <param name="options">Valid options (<see cref="CassiniOptionsValidator"/>), with <see cref="CassiniOptions.Tls"/> chosen.</param>
    /// <param name="timeProvider">The one clock.</param>
    /// <param name="loggerFactory">Where it logs.</param>
    /// <exception cref="ArgumentException">The options are not valid; the message has every error.</exception>
    public BrokerHost(CassiniOptions options, TimeProvider timeProvider, ILoggerFactory loggerFactory)
    {
        var core = new HealthCore(options, timeProvider, loggerFactory);
        var tracing = new MessageTracing(core.Spans, options.Telemetry.TraceRatio);
        _journal = JournalOf(options.Store, core.Hub, timeProvider, loggerFactory);
        var store = (IBrokerStore?)_journal ?? NoStore.Instance;
        Broker = new MqttBroker(
            options.Broker, Version, core.Accounts, store, core.Hub, timeProvider, loggerFactory.CreateLogger<MqttBroker>(), tracing);
        _node = FleetNode.Of(options, Broker, store.Durability, core, timeProvider, loggerFactory);
        Service = new ServiceHost(
            options, core, new MqttProtocol(Broker, core.Health, _journal, _node), timeProvider, loggerFactory);
    }

    /// <summary>The program's version, without build metadata.</summary>
    public static string Version => ServiceHost.Version;

    /// <summary>The broker: publish, observe, and look at topics and statistics.</summary>
    public MqttBroker Broker { get; }

    /// <summary>What the durable store has done, and how it is; null when nothing is stored. Any thread.</summary>
    public StoreStatistics? StoreStatistics => _journal?.Statistics;

    /// <inheritdoc cref="ServiceHost.Spans"/>
    public ActivitySource Spans => Service.Spans;

    /// <inheritdoc cref="ServiceHost.Options"/>
    public CassiniOptions Options => Service.Options;

    /// <inheritdoc cref="ServiceHost.Hub"/>
    public EventHub Hub => Service.Hub;

    /// <inheritdoc cref="ServiceHost.Health"/>
    public HealthProjection Health => Service.Health;

    /// <inheritdoc cref="ServiceHost.Connections"/>
    public LiveConnections Connections => Service.Connections;

    /// <inheritdoc cref="ServiceHost.Listeners"/>
    internal ListenerManager Listeners => Service.Listeners;

    /// <inheritdoc cref="ServiceHost.Certificates"/>
    internal CertificateStore Certificates => Service.Certificates;

    /// <inheritdoc cref="ServiceHost.StopRequested"/>
    public CancellationToken StopRequested => Service.StopRequested;

    /// <summary>The health of all nodes of the fleet; null for a broker on its own.</summary>
    internal FleetProjection? Fleet => _node?.Health;

    /// <summary>The host of the broker's connections.</summary>
    internal ServiceHost Service { get; }

    /// <inheritdoc cref="ServiceHost.LoadCertificates"/>
    public void LoadCertificates() => Service.LoadCertificates();

    /// <inheritdoc cref="ServiceHost.RequestStop"/>
    public void RequestStop() => Service.RequestStop();

    /// <inheritdoc cref="ServiceHost.StartAsync"/>
    public Task StartAsync(CancellationToken cancellationToken) => Service.StartAsync(cancellationToken);

    /// <inheritdoc cref="ServiceHost.LookAtCertificatesAsync"/>
    public Task LookAtCertificatesAsync(CancellationToken cancellationToken) => Service.LookAtCertificatesAsync(cancellationToken);

    /// <inheritdoc cref="ServiceHost.StopAsync"/>
    public Task StopAsync(CancellationToken cancellationToken) => Service.StopAsync(cancellationToken);

    /// <inheritdoc cref="ServiceHost.DisposeAsync"/>
    public async ValueTask DisposeAsync()
    {
        await Service.DisposeAsync().ConfigureAwait(false);
        _node?.Dispose();
        if (_journal is not null)
        {
            await _journal.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static Journal? JournalOf(StoreOptions options, EventHub events, TimeProvider time, ILoggerFactory loggers)
    {
        if (options.Level == StoreLevel.Memory || options.Directory is not { } directory)
        {
            return null;
        }

        var ledger = new SqliteLedgerOptions
        {
            Directory = Path.GetFullPath(directory),
            Durability = options.Level == StoreLevel.Flush ? LedgerDurability.Flush : LedgerDurability.Process,

            // So much is free after each rewrite, and is needed again.
            FreeBytesKept = options.CompactBytes,
        };
        var disk = new Disk(ledger.Directory);
        return new Journal(Make, options, () => disk.Free, events, time, loggers.CreateLogger<Journal>());

        SqliteLedger Make()
        {
            var made = new SqliteLedger(ledger, time);
            ledger = ledger with { MayCreate = false, ChecksPages = false };
            return made;
        }
    }
}
