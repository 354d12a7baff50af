using Cassini.Streams.Cluster.Engine;

namespace Cassini.Streams.Cluster;

/// <summary>
/// A bus as the parts of a node see it: not connected until the name of the node is its own, and while another run has that name. So
/// nothing is said in a name that is another one's. Nor is it while the connection beside it is lost: a node that says that it lives, and
/// cannot take messages, would make publishers on all others wait. Thread-safe.
/// </summary>
internal sealed class NamedBus : IBus
{
    private readonly Lock _lock = new();
    private readonly IBus? _beside;
    private volatile bool _isOpen;
    private (string? Server, long Number) _connection;
    private (string? Server, long Number) _told;
    private bool _isTelling;

    /// <param name="inner">The bus itself.</param>
    /// <param name="beside">The connection for messages, for the one of what nodes say to each other; null for none.</param>
    public NamedBus(IBus inner, NamedBus? beside = null)
    {
        Inner = inner;
        _beside = beside?.Inner;
        inner.ConnectionChanged += OnConnection;
        if (_beside is not null)
        {
            _beside.ConnectionChanged += _ => Tell();
        }
    }

    /// <inheritdoc/>
    public event Action<string?>? ConnectionChanged;

    /// <summary>The bus itself, for what is said about the name.</summary>
    public IBus Inner { get; }

    /// <summary>Whether this node has its name. Who changes it calls <see cref="Tell"/> then.</summary>
    public bool IsOpen
    {
        get => _isOpen;
        set => _isOpen = value;
    }

    /// <inheritdoc/>
    public bool IsConnected => CanSpeak && Inner.IsConnected;

    /// <inheritdoc/>
    public string? Problem =>
        Inner.Problem ?? (_beside is { IsConnected: false, Problem: { } problem } ? $"the connection for messages: {problem}" : null);

    /// <inheritdoc/>
    public int LargestMessage => Inner.LargestMessage;

    private bool CanSpeak => _isOpen && _beside is not { IsConnected: false };

    /// <inheritdoc/>
    public bool TryPublish(string subject, ReadOnlySpan<byte> data) => CanSpeak && Inner.TryPublish(subject, data);

    /// <inheritdoc/>
    public IDisposable Subscribe(string subject, Action<ReadOnlyMemory<byte>> handler) => Inner.Subscribe(subject, data =>
    {
        if (_isOpen)
        {
            handler(data);
        }
    });

    /// <inheritdoc/>
    public Task RunAsync(CancellationToken cancellationToken) => Inner.RunAsync(cancellationToken);

    /// <summary>Tells of a change, without a lock. One thread at a time tells, and tells everything.</summary>
    public void Tell()
    {
        lock (_lock)
        {
            if (_isTelling)
            {
                return;
            }

            _isTelling = true;
        }

        try
        {
            while (TryTakeNext(out var server))
            {
                ConnectionChanged?.Invoke(server);
            }
        }
        catch
        {
            lock (_lock)
            {
                _isTelling = false;
            }

            throw;
        }
    }

    private void OnConnection(string? server)
    {
        lock (_lock)
        {
            // Another connection to the same server is another one.
            _connection = (server, _connection.Number + 1);
        }

        Tell();
    }

    private bool TryTakeNext(out string? server)
    {
        lock (_lock)
        {
            var now = CanSpeak ? _connection : (null, 0);
            if (now.Server is not null && _told.Server is not null && now != _told)
            {
                // The end of the one before was not told yet.
                now = (null, 0);
            }

            server = now.Server;
            _isTelling = now != _told && (server is not null || _told.Server is not null);
            _told = _isTelling ? now : _told;
            return _isTelling;
        }
    }
}
