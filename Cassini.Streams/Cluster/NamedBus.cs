using Cassini.Streams.Cluster.Engine;

namespace Cassini.Streams.Cluster;

/// <summary>
/// A bus as the parts of a node see it: not connected until the name of the node is its own, and while another run has that name. So
/// nothing is said in a name that is another one's. Thread-safe.
/// </summary>
internal sealed class NamedBus : IBus
{
    private readonly Lock _lock = new();
    private volatile bool _isOpen;
    private (string? Server, long Number) _connection;
    private (string? Server, long Number) _told;
    private bool _isTelling;

    /// <param name="inner">The bus itself.</param>
    public NamedBus(IBus inner)
    {
        Inner = inner;
        inner.ConnectionChanged += OnConnection;
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
    public bool IsConnected => _isOpen && Inner.IsConnected;

    /// <inheritdoc/>
    public string? Problem => Inner.Problem;

    /// <inheritdoc/>
    public int LargestMessage => Inner.LargestMessage;

    /// <inheritdoc/>
    public bool TryPublish(string subject, ReadOnlySpan<byte> data) => _isOpen && Inner.TryPublish(subject, data);

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
            var now = _isOpen ? _connection : (null, 0);
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
