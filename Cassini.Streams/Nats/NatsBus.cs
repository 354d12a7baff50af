using System.Collections.Immutable;
using Cassini.Streams.Cluster.Engine;
using Cassini.Streams.Primitives;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Nats;

/// <summary>
/// The bus over core NATS: one connection at a time, to one of the servers. A lost one is replaced by a connection to the next server,
/// for ever. What was taken and not sent before the loss is lost.
/// </summary>
internal sealed class NatsBus : IBus
{
    private const int UsualLargestMessage = 1 << 20;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);

    private readonly ImmutableArray<Uri> _servers;
    private readonly string _name;
    private readonly string _echo;
    private readonly NatsOptions _options;
    private readonly ILogger<NatsBus> _logger;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly BackOff _backOff = new(FirstDelay, LongestDelay, jitter: Random.Shared.NextDouble);
    private readonly string?[] _problems;
    private ImmutableHashSet<NatsSubscription> _subscriptions = [];
    private NatsServerConnection? _subscribed;
    private volatile NatsServerConnection? _connection;
    private volatile string? _problem;
    private volatile int _largestMessage = UsualLargestMessage;
    private Task _disposing = Task.CompletedTask;
    private string? _lastProblems;
    private int _next;
    private long _dropped;
    private long _unsent;

    /// <param name="servers">The addresses of the servers, at least one: <see cref="NatsAddress"/>.</param>
    /// <param name="name">Names the connection in the servers' lists and in the log.</param>
    /// <param name="echo">The subject on which each new connection says something to itself, so that it is known to be heard.</param>
    /// <param name="options">How it proves who it is.</param>
    /// <param name="logger">The log.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="ArgumentException">An address is none, or there is none.</exception>
    public NatsBus(
        IReadOnlyCollection<string> servers, string name, string echo, NatsOptions options, ILogger<NatsBus> logger, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfZero(servers.Count, nameof(servers));
        _servers = [.. servers.Select(text => NatsAddress.TryParse(text, out var address)
            ? address
            : throw new ArgumentException($"A server is not of the form {NatsAddress.Form}.", nameof(servers)))];
        _name = name;
        _echo = echo;
        _options = options;
        _logger = logger;
        _time = time;
        _problems = new string?[_servers.Length];
        _next = Random.Shared.Next(_servers.Length);
    }

    public event Action<string?>? ConnectionChanged;

    public bool IsConnected => _connection is not null;

    public string? Problem => _problem;

    public int LargestMessage => _largestMessage;

    /// <summary>How many messages were received and dropped because their handler was too slow.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>How many messages were taken, but dropped because the connection was lost before NATS.Net took them.</summary>
    public long Unsent => Interlocked.Read(ref _unsent);

    public bool TryPublish(string subject, ReadOnlySpan<byte> data)
    {
        if (subject.Length == 0 || subject.AsSpan().ContainsAny(" \t\r\n"))
        {
            throw new ArgumentException("A subject is not empty and has no white space.", nameof(subject));
        }

        return _connection?.TryPublish(subject, data) == true;
    }

    public IDisposable Subscribe(string subject, Action<ReadOnlyMemory<byte>> handler)
    {
        var subscription = new NatsSubscription(subject, handler, () => Interlocked.Increment(ref _dropped), Remove, _logger, _time);
        NatsServerConnection? connection;
        lock (_lock)
        {
            _subscriptions = _subscriptions.Add(subscription);
            connection = _subscribed;
        }

        connection?.Add(subscription);
        return subscription;
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var connection = await ConnectAsync(cancellationToken).ConfigureAwait(false);
                var since = _time.GetTimestamp();
                await UseAsync(connection, cancellationToken).ConfigureAwait(false);
                if (_time.GetElapsedTime(since) < LongestDelay)
                {
                    await Task.Delay(_backOff.Next(), _time, cancellationToken).ConfigureAwait(false);
                }
                else
                {
                    _backOff.Reset();
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end that was asked for.
        }
        finally
        {
            await _disposing.ConfigureAwait(false);
        }
    }

    /// <summary>Tries one server after the other, with pauses between the rounds, until one hears and is heard.</summary>
    private async Task<NatsServerConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            if (await TryConnectAsync(_next, cancellationToken).ConfigureAwait(false) is { } connection)
            {
                _lastProblems = null;
                return connection;
            }

            _next = (_next + 1) % _servers.Length;
            if (attempt % _servers.Length == 0)
            {
                LogProblems();
                await Task.Delay(_backOff.Next(), _time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task<NatsServerConnection?> TryConnectAsync(int index, CancellationToken cancellationToken)
    {
        NatsServerConnection? connection = null;
        try
        {
            connection = await NatsServerConnection.OpenAsync(_servers[index], _name, _options, _logger, _time, cancellationToken)
                .ConfigureAwait(false);
            SubscribeOn(connection);
            await connection.HearItselfAsync(_echo, cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch (Exception failure)
        {
            if (connection is not null)
            {
                Leave(connection);
            }

            cancellationToken.ThrowIfCancellationRequested();
            _problems[index] = failure is OperationCanceledException ? "the connection was closed" : failure.Message;
            NatsLog.AttemptFailed(_logger, _name, NatsAddress.Text(_servers[index]), failure);
            return null;
        }
    }

    private async Task UseAsync(NatsServerConnection connection, CancellationToken cancellationToken)
    {
        _largestMessage = connection.LargestMessage;
        _problem = null;
        _connection = connection;
        NatsLog.Connected(_logger, _name, connection.Server);
        Tell(connection.Server);
        try
        {
            var reason = await connection.UntilLostAsync(cancellationToken).ConfigureAwait(false);
            _problem = reason;
            _connection = null;
            _next = (_next + 1) % _servers.Length;
            NatsLog.Lost(_logger, _name, connection.Server, reason);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _connection = null;
            await connection.FlushAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            Leave(connection);
            Tell(null);
        }
    }

    private void SubscribeOn(NatsServerConnection connection)
    {
        ImmutableHashSet<NatsSubscription> all;
        lock (_lock)
        {
            _subscribed = connection;
            all = _subscriptions;
        }

        foreach (var subscription in all)
        {
            connection.Add(subscription);
        }
    }

    /// <summary>The next connection need not wait until NATS.Net has cleaned up after this one.</summary>
    private void Leave(NatsServerConnection connection)
    {
        lock (_lock)
        {
            _subscribed = null;
        }

        connection.Cut();
        _disposing = Task.WhenAll(_disposing, DisposeAsync(connection));
    }

    private async Task DisposeAsync(NatsServerConnection connection)
    {
        await connection.DisposeAsync().ConfigureAwait(false);
        Interlocked.Add(ref _unsent, connection.Unsent);
    }

    private void Remove(NatsSubscription subscription)
    {
        NatsServerConnection? connection;
        lock (_lock)
        {
            _subscriptions = _subscriptions.Remove(subscription);
            connection = _subscribed;
        }

        connection?.Remove(subscription);
    }

    private void Tell(string? server)
    {
        try
        {
            ConnectionChanged?.Invoke(server);
        }
        catch (Exception failure)
        {
            NatsLog.ListenerFailed(_logger, _name, failure);
        }
    }

    private void LogProblems()
    {
        var problems = string.Join("; ", _servers.Select((server, index) => $"{NatsAddress.Text(server)}: {_problems[index]}"));
        _problem = problems;
        if (problems != _lastProblems)
        {
            _lastProblems = problems;
            NatsLog.Unreachable(_logger, _name, problems);
        }
    }
}
