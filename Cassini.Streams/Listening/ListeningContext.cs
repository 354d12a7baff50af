using Cassini.Streams.Events;
using Cassini.Streams.Listening.Connections;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Listening.Handshakes;
using Cassini.Streams.Listening.Probes;
using Cassini.Streams.Listening.WebSockets;
using Cassini.Streams.Primitives;
using Cassini.Streams.Quotas;
using Cassini.Streams.Supervision;
using Cassini.Streams.Tls.Files;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Listening;

/// <summary>What all connections of one manager share. It outlives the manager's own crashes.</summary>
internal sealed class ListeningContext(
    ListenerOptions options,
    CertificateStore certificates,
    AccountTable accounts,
    IConnectionHandler handler,
    Supervisor supervisor,
    IEventSequence events,
    TimeProvider time,
    ILogger logger)
{
    public ListenerOptions Options { get; } = options;

    public CertificateStore Certificates { get; } = certificates;

    /// <summary>What each identity has of what all share.</summary>
    public AccountTable Accounts { get; } = accounts;

    public IConnectionHandler Handler { get; } = handler;

    public IEventSequence Events { get; } = events;

    public TimeProvider Time { get; } = time;

    public ILogger Logger { get; } = logger;

    public Supervisor Supervisor { get; } = supervisor;

    public ConnectionTable Connections { get; } = new(options.MaxConnections, accounts);

    public ConnectionLimitNotice LimitNotice { get; } = new(events, time);

    public HandshakeGate Gate { get; } = new(options, time);

    /// <summary>
    /// The places of refused peers that may still read why. They have left the gate, so no other limit counts their descriptors.
    /// </summary>
    public SemaphoreSlim RefusalPlaces { get; } = new(options.MaxHandshakes);

    /// <summary>Which requests become a WebSocket.</summary>
    public UpgradeRules Upgrades { get; } = new(handler.WebSocketSubprotocols, new OriginRule(options.WebSocketOrigins));

    public Quarantine Quarantine { get; } = new(options, time);

    public ByteTotals Bytes { get; } = new();

    public ProbeRegistry Probes { get; } = new();

    /// <summary>
    /// Cancelled when a stop ends the connections: one that ends already for another reason then waits no longer for its peer than others.
    /// </summary>
    public CancellationTokenSource Stopping { get; } = new();

    /// <summary>Cancelled when a stop has no time left: from then on nothing waits for a connection to end.</summary>
    public CancellationTokenSource Forced { get; } = new();

    /// <summary>Whether the clients of an endpoint come by WebSocket.</summary>
    public bool IsWebSocket(EndpointAddress endpoint) =>
        !Options.WebSocketEndpoints.IsDefault && Options.WebSocketEndpoints.Contains(endpoint);

    /// <summary>Cancels <see cref="Forced"/> on the thread pool, because the caller's thread is that of a signal or a timer.</summary>
    public void ForceStop() =>
        TaskObserver.Observe(Forced.CancelAsync(), failure => ListeningLog.CancellationFailed(Logger, failure));
}
