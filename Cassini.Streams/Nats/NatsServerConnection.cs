using System.Collections.Concurrent;
using System.Net.Sockets;
using Cassini.Streams.Primitives;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;

namespace Cassini.Streams.Nats;

/// <summary>
/// One connection to one server, until it is lost. It is never the same again: NATS.Net's own reconnecting would first send what waited
/// in its buffers, and its own pings wait until a command times out when a buffer is full, so that a server that hangs is noticed late.
/// Any thread.
/// </summary>
internal sealed class NatsServerConnection : IAsyncDisposable
{
    /// <summary>How long after an answer to a ping the next one is sent.</summary>
    public static readonly TimeSpan PingInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>How long an answer may take. With the interval, a server that hangs is noticed within about two seconds.</summary>
    public static readonly TimeSpan PingPatience = TimeSpan.FromSeconds(1.5);

    private const string Closed = "the connection was closed";

    // The server goes on as if nothing were wrong.
    private const string Forbidden = "Permissions Violation";

    // For each step of connecting.
    private static readonly TimeSpan StepTimeout = TimeSpan.FromSeconds(2);

    // How long NATS.Net may have no room for a message. The answer to a ping is late long before.
    private static readonly TimeSpan LongestCommand = TimeSpan.FromMinutes(5);

    private readonly NatsConnection _client;
    private readonly NatsIdentity _identity;
    private readonly NatsClientLog _clientLog;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly string _name;
    private readonly NatsOutbox _outbox = new();
    private readonly ConcurrentDictionary<NatsSubscription, NatsReceiver> _receivers = new();
    private readonly TaskCompletionSource<string> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _closing = new();
    private Task _sending = Task.CompletedTask;
    private Task _watching = Task.CompletedTask;
    private readonly TokenBucket _errors;
    private Socket? _socket;
    private volatile string? _lastError;
    private volatile bool _isOpen;
    private int _attempts;

    private NatsServerConnection(Uri address, string name, NatsIdentity identity, ILogger logger, TimeProvider time)
    {
        Server = NatsAddress.Text(address);
        _name = name;
        _identity = identity;
        _logger = logger;
        _time = time;
        _clientLog = new NatsClientLog(logger);
        _errors = new TokenBucket(burst: 5, perSecond: 1, time);
        _client = new NatsConnection(new NatsOpts
        {
            Url = Server,
            Name = name,
            AuthOpts = identity.Authentication,
            TlsOpts = identity.TlsWith(address),
            LoggerFactory = _clientLog,
            ConnectTimeout = StepTimeout,
            CommandTimeout = LongestCommand,
            PingInterval = TimeSpan.Zero,
            WriterBufferSize = 256 << 10,
            RequestReplyMode = NatsRequestReplyMode.SharedInbox, // The other one subscribes to an inbox that nobody uses.
        });
        _client.OnConnectingAsync = OnlyOnceAsync;
        _client.OnSocketAvailableAsync = KeepSocketAsync;
        _client.ConnectionDisconnected += OnDisconnectedAsync;
        _client.ServerError += OnServerErrorAsync;
    }

    /// <summary>The server, for people.</summary>
    public string Server { get; }

    /// <summary>How many messages were taken and not sent, once it is disposed.</summary>
    public int Unsent => _outbox.Unsent;

    /// <summary>The most bytes of one message that the server takes.</summary>
    public int LargestMessage => _client.ServerInfo?.MaxPayload ?? 0;

    /// <summary>Connects. What the files of the options hold now counts.</summary>
    /// <exception cref="NatsUnreachableException">It did not succeed; the message says why.</exception>
    public static async Task<NatsServerConnection> OpenAsync(
        Uri address, string name, NatsOptions options, ILogger logger, TimeProvider time, CancellationToken cancellationToken)
    {
        NatsServerConnection? connection = null;
        try
        {
            connection = new NatsServerConnection(address, name, new NatsIdentity(options), logger, time);
            await connection._client.ConnectAsync().AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);
            connection.Begin();
            return connection;
        }
        catch (Exception failure)
        {
            var cause = failure.InnerException is null ? connection?._clientLog.LastFailure ?? failure : failure;
            if (connection is not null)
            {
                await connection.DisposeAsync().ConfigureAwait(false);
            }

            cancellationToken.ThrowIfCancellationRequested();
            throw new NatsUnreachableException(failure, cause);
        }
    }

    /// <summary>Takes a message to send.</summary>
    /// <returns>False when it is larger than the server takes, or too much waits.</returns>
    public bool TryPublish(string subject, ReadOnlySpan<byte> data) => data.Length <= LargestMessage && _outbox.TryPut(subject, data);

    /// <summary>Subscribes.</summary>
    public void Add(NatsSubscription subscription)
    {
        var receiver = new NatsReceiver(_client, subscription);
        _receivers[subscription] = receiver; // NATS.Net itself holds it only weakly.
        TaskObserver.Observe(_client.AddSubAsync(receiver, _closing.Token).AsTask(), failure => Lose(failure.Message));
    }

    /// <summary>Unsubscribes.</summary>
    public void Remove(NatsSubscription subscription)
    {
        if (_receivers.TryRemove(subscription, out var receiver))
        {
            receiver.Close();
            TaskObserver.Observe(receiver.UnsubscribeAsync().AsTask(), failure => Lose(failure.Message));
        }
    }

    /// <summary>
    /// Waits until all subscriptions are in force, and something that it says comes back. A user may be allowed to hear and not to speak:
    /// then the server says so and goes on, and a node that nobody hears would look well to itself.
    /// </summary>
    /// <param name="echo">The subject on which it is said.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TimeoutException">There was no answer in time.</exception>
    /// <exception cref="OperationCanceledException">It was lost before the server had confirmed the subscriptions.</exception>
    /// <exception cref="NatsException">
    /// It was lost afterwards; the message is the server's own when the server refuses something.
    /// </exception>
    public async Task HearItselfAsync(string echo, CancellationToken cancellationToken)
    {
        var word = Guid.NewGuid().ToByteArray();
        var came = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var subscription = new NatsSubscription(echo, Hear, static () => { }, Remove, _logger, _time);
        Add(subscription);
        await ConfirmAsync(cancellationToken).ConfigureAwait(false);
        TryPublish(echo, word);
        using var patience = new CancellationTokenSource(PingPatience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, _closing.Token, cancellationToken);
        try
        {
            await Task.WhenAny(came.Task, _lost.Task).WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            throw new TimeoutException($"what this node says does not come back within {DurationText.Seconds(PingPatience)}");
        }

        if (_lost.Task.IsCompleted)
        {
            throw new NatsException(await _lost.Task.ConfigureAwait(false));
        }

        _isOpen = true;

        void Hear(ReadOnlyMemory<byte> data)
        {
            if (data.Span.SequenceEqual(word))
            {
                came.TrySetResult();
            }
        }
    }

    /// <summary>Waits until the server has answered to all that NATS.Net was given before.</summary>
    /// <exception cref="TimeoutException">There was no answer in time.</exception>
    /// <exception cref="OperationCanceledException">It was lost meanwhile.</exception>
    public async Task ConfirmAsync(CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(PingPatience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, _closing.Token, cancellationToken);
        try
        {
            await _client.PingAsync(either.Token).AsTask().WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            throw new TimeoutException($"no answer to a ping within {DurationText.Seconds(PingPatience)}");
        }
    }

    /// <summary>Waits until it is lost.</summary>
    /// <returns>Why.</returns>
    public Task<string> UntilLostAsync(CancellationToken cancellationToken) => _lost.Task.WaitAsync(cancellationToken);

    /// <summary>Sends what was taken, as long as the server answers. Nothing more is taken.</summary>
    public async Task FlushAsync()
    {
        _outbox.Close();
        try
        {
            using var patience = new CancellationTokenSource(PingPatience, _time);
            await _sending.WaitAsync(patience.Token).ConfigureAwait(false);
            await ConfirmAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is TimeoutException or OperationCanceledException or NatsException)
        {
            // The server does not answer; what waits is lost, as with any connection.
        }
    }

    /// <summary>Receives nothing more from now on, and sends nothing more. <see cref="DisposeAsync"/> does the rest.</summary>
    public void Cut()
    {
        foreach (var receiver in _receivers.Values)
        {
            receiver.Close();
        }

        _clientLog.Quieten();
        _closing.Cancel();
        _socket?.Dispose(); // At once: with TLS, NATS.Net would say goodbye first, and wait for a server that hangs.
    }

    public async ValueTask DisposeAsync()
    {
        Cut();
        await _sending.ConfigureAwait(false);
        await _watching.ConfigureAwait(false);
        try
        {
            await _client.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            NatsLog.Said(_logger, "a connection could not be closed", SafeText.Line(failure.Message), failure);
        }

        _identity.Dispose();
    }

    private void Begin()
    {
        _sending = Task.Run(SendAsync);
        _watching = Task.Run(WatchAsync);
    }

    private async Task SendAsync()
    {
        try
        {
            await _outbox.SendAsync(_client, _closing.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            // It is closed.
        }
        catch (Exception failure)
        {
            NatsLog.Said(_logger, "a message could not be sent", SafeText.Line(failure.Message), failure);
            Lose(failure.Message);
        }
    }

    private async Task WatchAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(PingInterval, _time, _closing.Token).ConfigureAwait(false);
                await ConfirmAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            Lose(_lastError ?? Closed);
        }
        catch (Exception failure)
        {
            Lose(failure.Message);
        }
    }

    private void Lose(string reason) => _lost.TrySetResult(SafeText.Line(reason));

    /// <summary>Called before each attempt to connect. From the second on they are NATS.Net's, until this is disposed.</summary>
    private ValueTask<(string Host, int Port)> OnlyOnceAsync((string Host, int Port) target) =>
        Interlocked.Increment(ref _attempts) == 1 && !_closing.IsCancellationRequested
            ? ValueTask.FromResult(target)
            : throw new NatsException("this connection is over");

    private ValueTask<INatsSocketConnection> KeepSocketAsync(INatsSocketConnection connection)
    {
        _socket = (connection as INatsTlsUpgradeableSocketConnection)?.Socket;
        return ValueTask.FromResult(connection);
    }

    private ValueTask OnDisconnectedAsync(object? sender, NatsEventArgs args)
    {
        Lose(_lastError ?? Closed);
        return ValueTask.CompletedTask;
    }

    private ValueTask OnServerErrorAsync(object? sender, NatsServerErrorEventArgs args)
    {
        _lastError = SafeText.Line(args.Error);
        if (_isOpen && _errors.TryTake(_time.GetTimestamp()))
        {
            NatsLog.Refused(_logger, _name, Server, _lastError);
        }

        if (_lastError.Contains(Forbidden, StringComparison.OrdinalIgnoreCase))
        {
            Lose(_lastError);
        }

        return ValueTask.CompletedTask;
    }
}
