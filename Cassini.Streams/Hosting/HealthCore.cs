using System.Diagnostics;
using System.Reactive.Concurrency;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health.Projection;
using Cassini.Streams.Quotas;
using Cassini.Streams.Store.History;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Hosting;

/// <summary>
/// The events of one run, the folds of these events, and the source of the run's spans. The hosted protocol publishes here.
/// </summary>
internal sealed class HealthCore : IAsyncDisposable
{
    private readonly EventLoopScheduler _tickThread = new(start => new Thread(start) { Name = "cassini health", IsBackground = true });

    /// <exception cref="ArgumentException">The options are not valid; the message has every error.</exception>
    public HealthCore(CassiniOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        CassiniOptionsValidator.ThrowIfWrong(options);
        Hub = new EventHub(time, options.Hub, loggers.CreateLogger<EventHub>());
        Health = new HealthProjection(Hub, options.Health, _tickThread, ServiceHost.Version, loggers.CreateLogger<HealthProjection>());
        Accounts = new AccountTable(options.Quota);
        Connections = new LiveConnections(Hub);
        RefusedHandshakes = new RefusedHandshakes(Hub);
        History = EventHistory.Start(
            Hub, StateOf, options.History, ServiceHost.Version, time, loggers.CreateLogger<EventHistory>());
    }

    public EventHub Hub { get; }

    public HealthProjection Health { get; }

    /// <summary>What each identity has of what all share.</summary>
    public AccountTable Accounts { get; }

    public LiveConnections Connections { get; }

    public RefusedHandshakes RefusedHandshakes { get; }

    /// <summary>The events on disk; null when none are kept there.</summary>
    public EventHistory? History { get; }

    public ActivitySource Spans { get; } = new("Cassini", ServiceHost.Version);

    /// <summary>Ends the epoch: folds, observers and feeds complete.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await Hub.CompleteAsync().ConfigureAwait(false);
            if (History is not null)
            {
                await History.DisposeAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            Health.Dispose();
            Connections.Dispose();
            RefusedHandshakes.Dispose();
            Spans.Dispose();
            _tickThread.Dispose();
        }
    }

    private HistoryState StateOf() => new(Health.ToRecordHeader(out var through), through);
}
