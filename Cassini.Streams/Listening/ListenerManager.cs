using System.Collections.Immutable;
using System.Threading.Channels;
using Cassini.Streams.Events;
using Cassini.Streams.Listening.Connections;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Listening.Handshakes;
using Cassini.Streams.Listening.Probes;
using Cassini.Streams.Primitives;
using Cassini.Streams.Quotas;
using Cassini.Streams.Supervision;
using Cassini.Streams.Tls.Files;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Listening;

/// <summary>
/// Accepts connections on every endpoint and gives each its own supervised listener. One reader handles a bounded mailbox. Mailbox,
/// sockets and connections survive its crashes: open connections are not affected, and clients that connect meanwhile are served after
/// the restart. Members may be called from any thread.
/// </summary>
internal sealed partial class ListenerManager : IAsyncDisposable
{
    private const int MailboxCapacity = 1024;
    private static readonly Component Self = new(ComponentKind.ListenerManager, "");
    private readonly ListeningContext _context;
    private readonly ISocketTransport _transport;
    private readonly ImmutableArray<ListeningEndpoint> _endpoints;
    private readonly CancellationTokenSource _stopAccepting = new();
    private readonly CancellationTokenSource _stopManager = new();
    private readonly Lock _lock = new();
    private readonly Channel<ManagerMessage> _mailbox = Channel.CreateBounded<ManagerMessage>(
        new BoundedChannelOptions(MailboxCapacity) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private ImmutableArray<Task> _loops = [];
    private Task _manager = Task.CompletedTask;
    private bool _started;
    private Task? _acceptingStopped;
    private Task? _stopped;

    /// <summary>Creates a manager; it binds nothing before <see cref="StartAsync"/>.</summary>
    /// <param name="options">Endpoints and limits.</param>
    /// <param name="certificates">The certificates of handshakes; already loaded.</param>
    /// <param name="accounts">What each identity has of what all share.</param>
    /// <param name="handler">Serves the open connections.</param>
    /// <param name="supervisor">Supervises the manager, its accept loops and its connections.</param>
    /// <param name="events">Publishes what happens.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    /// <exception cref="ArgumentException">There is no endpoint, or the same one twice.</exception>
    public ListenerManager(
        ListenerOptions options,
        CertificateStore certificates,
        AccountTable accounts,
        IConnectionHandler handler,
        Supervisor supervisor,
        IEventSequence events,
        TimeProvider time,
        ILogger<ListenerManager> logger)
        : this(
            options, new ListeningContext(options, certificates, accounts, handler, supervisor, events, time, logger),
            SocketTransport.Instance)
    {
    }

    internal ListenerManager(ListenerOptions options, ListeningContext context, ISocketTransport transport)
    {
        var addresses = options.AllEndpoints;
        if (addresses.IsEmpty || addresses.Distinct().Count() != addresses.Length)
        {
            throw new ArgumentException("There must be at least one endpoint, and none twice.", nameof(options));
        }

        _context = context;
        _transport = transport;
        _endpoints = [.. addresses.Select(address => new ListeningEndpoint(address, context))];
        context.Certificates.RevocationChanged += DisconnectRevoked;
    }

    /// <summary>The endpoints as they are now, in the order of the configuration.</summary>
    public ImmutableArray<EndpointStatus> Endpoints => [.. _endpoints.Select(endpoint => endpoint.Status)];

    /// <summary>Open connections, probes excluded.</summary>
    public int OpenConnections => _context.Connections.Open;

    /// <summary>How many of the connections that may be open are, and the identity that has most of them.</summary>
    public ResourceUse ConnectionUse => _context.Connections.Use;

    /// <summary>Application bytes read from clients since the start.</summary>
    public long BytesReceived => _context.Bytes.Received;

    /// <summary>Application bytes written to clients since the start.</summary>
    public long BytesSent => _context.Bytes.Sent;

    /// <summary>What is spoken on a WebSocket, best first; empty when its clients need not say.</summary>
    internal ImmutableArray<string> Subprotocols => _context.Upgrades.Subprotocols;

    internal ProbeRegistry Probes => _context.Probes;

    internal HandshakeGate Gate => _context.Gate;

    /// <summary>Starts the manager and an accept loop for each endpoint.</summary>
    /// <returns>Ends when every endpoint has had its first bind attempt: a port in use is an event, not an error.</returns>
    /// <exception cref="InvalidOperationException">It was started or stopped before.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_started || _acceptingStopped is not null || _stopped is not null)
            {
                throw new InvalidOperationException("A listener manager starts once, and not after a stop.");
            }

            _started = true;
        }

        foreach (var endpoint in _endpoints)
        {
            _context.Events.Publish(new ListenerConfigured(endpoint.Address.ToString())
            {
                WebSocket = _context.IsWebSocket(endpoint.Address),
            });
        }

        lock (_lock)
        {
            // A stop that came meanwhile has closed the endpoints; one that comes now finds every loop. They run on the thread pool.
            if (_acceptingStopped is null && _stopped is null)
            {
                _loops = [.. _endpoints.Select(RunLoopAsync)];
                _manager = RunManagerAsync();
            }
        }

        await Task.WhenAll(_endpoints.Select(endpoint => endpoint.FirstAttempt)).WaitAsync(cancellationToken);
    }

    /// <summary>Closes the endpoints. Accepted connections are still served, and the manager still answers.</summary>
    public Task StopAcceptingAsync() => StopAcceptingAsync(ListenerCloseReason.Shutdown);

    /// <summary>
    /// Closes the endpoints and ends the connections, open ones with <see cref="CloseReason.Shutdown"/>. When it ends, all terminal
    /// events are published. The manager still answers.
    /// </summary>
    /// <param name="cancellationToken">
    /// Cuts <see cref="ListenerOptions.CloseTimeout"/> short: connections that have not ended lose their sockets at once.
    /// </param>
    public async Task CloseConnectionsAsync(CancellationToken cancellationToken)
    {
        await using var forced = cancellationToken.UnsafeRegister(static context => ((ListeningContext)context!).ForceStop(), _context);
        await StopAcceptingAsync();
        await SettleAsync();
        await EndConnectionsAsync();
    }

    /// <summary>
    /// Stops in stages: the endpoints close, the connections end as by <see cref="CloseConnectionsAsync"/>, and the manager stops.
    /// </summary>
    /// <param name="cancellationToken">
    /// Cuts <see cref="ListenerOptions.CloseTimeout"/> short: connections that have not ended lose their sockets at once.
    /// </param>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Task stopped;
        lock (_lock)
        {
            stopped = _stopped ??= Task.Run(StopOnceAsync, CancellationToken.None);
        }

        await using var forced = cancellationToken.UnsafeRegister(static context => ((ListeningContext)context!).ForceStop(), _context);
        await stopped;
    }

    /// <summary>Asks the manager, through its own mailbox, how many connections it serves.</summary>
    /// <exception cref="ChannelClosedException">The manager was stopped.</exception>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled, or the manager stopped before it answered.
    /// </exception>
    public async Task<ManagerReport> PingAsync(CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<ManagerReport>(TaskCreationOptions.RunContinuationsAsynchronously);
        await _mailbox.Writer.WriteAsync(new ManagerMessage.Ping(answer), cancellationToken);
        return await answer.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Ends a connection with <see cref="CloseReason.Disconnected"/>.</summary>
    /// <returns>False when there is no such open connection.</returns>
    public bool Disconnect(long connectionId) => connectionId > 0 && (_context.Connections.Find(connectionId)?.TryDisconnect() ?? false);

    /// <summary>Ends the open connections of an identity with <see cref="CloseReason.Disconnected"/>, but for probes.</summary>
    /// <returns>How many there were.</returns>
    public int Disconnect(string identity) =>
        _context.Connections.All.Count(connection => !connection.IsProbe && connection.Identity == identity && connection.TryDisconnect());

    /// <summary>Stops at once.</summary>
    public async ValueTask DisposeAsync() => await StopAsync(new CancellationToken(canceled: true));

    /// <summary>Restarts an accept loop that does not answer: its socket is closed and bound again.</summary>
    /// <returns>False when it does not run at the moment, or when a rehearsal stalls it.</returns>
    internal bool RestartStalledLoop(EndpointAddress address, TimeoutException stalled)
    {
        var endpoint = _endpoints.First(endpoint => endpoint.Address == address);
        if (endpoint.Orders.Mode != LoopMode.Serve)
        {
            return false;
        }

        endpoint.RequestRebind();
        if (endpoint.Supervised?.Fail(stalled) == true)
        {
            return true;
        }

        endpoint.TakeRebind();
        return false;
    }

    /// <summary>Makes what a connection's handler awaits throw; null for any open connection, probes excluded.</summary>
    /// <returns>False when there is no such open connection.</returns>
    internal bool TryCrash(long? connectionId, RehearsalException crash) => connectionId is { } id
        ? id > 0 && (_context.Connections.Find(id)?.TryCrash(crash) ?? false)
        : _context.Connections.All.Any(connection => !connection.IsProbe && connection.TryCrash(crash));

    /// <summary>Puts a message into the manager's mailbox, unless it is full or closed.</summary>
    internal bool TryPost(ManagerMessage message) => _mailbox.Writer.TryWrite(message);

    /// <summary>Changes the orders of an accept loop, or of every one for null.</summary>
    /// <returns>False when there is no such endpoint.</returns>
    internal bool Order(string? endpoint, Func<EndpointOrders, EndpointOrders> change)
    {
        var found = false;
        foreach (var candidate in _endpoints.Where(candidate => endpoint is null || candidate.Address.ToString() == endpoint))
        {
            candidate.Order(change);
            found = true;
        }

        return found;
    }

    /// <summary>Whether the clients of an endpoint come by WebSocket.</summary>
    internal bool IsWebSocket(EndpointAddress address) => _context.IsWebSocket(address);

    /// <summary>Whether the system lets the endpoint accept no connection at the moment.</summary>
    internal bool IsBackingOff(EndpointAddress address) => _endpoints.First(endpoint => endpoint.Address == address).IsBackingOff;

    /// <summary>Runs the manager. When the supervisor gives it up, no further client can be served, so the endpoints close.</summary>
    private async Task RunManagerAsync()
    {
        await _context.Supervisor.RunAsync(
            Self, token => OwnThread.RunAsync("cassini manager", () => RunAsync(token)), _stopManager.Token);
        if (!_stopManager.IsCancellationRequested)
        {
            await StopAcceptingAsync(ListenerCloseReason.Failed);
            DropMailbox();
        }
    }

    private async Task RunLoopAsync(ListeningEndpoint endpoint)
    {
        endpoint.Supervised = _context.Supervisor.Start(
            new Component(ComponentKind.AcceptLoop, endpoint.Address.ToString()),
            token => OwnThread.RunAsync(
                "cassini accept", () => new AcceptLoop(_context, endpoint, _transport, _mailbox.Writer).RunAsync(token)),
            _stopAccepting.Token);
        await endpoint.Supervised.Completion;
        if (endpoint.Supervised.GaveUp)
        {
            // Nothing will accept here again: refuse clients rather than let them wait in the kernel's backlog.
            endpoint.Close(ListenerCloseReason.Failed);
            DropInHand(endpoint);
        }
    }

    /// <summary>Ends the connections of clients that are revoked now. One that cannot be judged leaves the others to be.</summary>
    private void DisconnectRevoked()
    {
        foreach (var connection in _context.Connections.All)
        {
            try
            {
                connection.CloseIfRevoked();
            }
            catch (Exception failure)
            {
                ListeningLog.RevocationFailed(_context.Logger, connection.Id, failure);
            }
        }
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        await foreach (var message in _mailbox.Reader.ReadAllAsync(cancellationToken))
        {
            switch (message)
            {
                case ManagerMessage.Accepted accepted:
                    new ConnectionListener(_context, accepted.Connection).Start();
                    break;
                case ManagerMessage.Ping ping:
                    var countedAt = _context.Events.LastSequence;
                    ping.Answer.TrySetResult(new ManagerReport(_context.Connections.Live, countedAt));
                    break;
                case ManagerMessage.Crash crash:
                    throw crash.Exception;
                default:
                    throw new InvalidOperationException($"The mailbox held a {message.GetType().Name}.");
            }
        }
    }
}
