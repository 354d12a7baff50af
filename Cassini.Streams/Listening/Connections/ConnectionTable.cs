using System.Collections.Concurrent;
using Cassini.Streams.Events;

namespace Cassini.Streams.Listening.Connections;

/// <summary>
/// The connections that have not ended, probes included, and the counts that health may compare, probes excluded. Thread-safe.
/// </summary>
internal sealed class ConnectionTable(int maxOpen)
{
    private readonly ConcurrentDictionary<long, ConnectionListener> _connections = new();
    private long _lastId;
    private long _lastProbeId;
    private int _live;
    private int _open;

    /// <summary>Clients' connections, from accept to just before their terminal event.</summary>
    public int Live => Volatile.Read(ref _live);

    /// <summary>Clients' open connections.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>How many of the connections that may be open are, and the identity that has most of them. Probes excluded.</summary>
    public ResourceUse Use
    {
        get
        {
            var open = Open;
            var largest = open < maxOpen / 2 ? null : All
                .Where(connection => connection is { IsProbe: false, IsOpen: true })
                .GroupBy(connection => connection.Identity)
                .MaxBy(connections => connections.Count());
            return new ResourceUse(open, maxOpen, largest?.Key, largest?.Count() ?? 0);
        }
    }

    public IEnumerable<ConnectionListener> All => _connections.Select(entry => entry.Value);

    public long NextId(bool probe) => probe ? -Interlocked.Increment(ref _lastProbeId) : Interlocked.Increment(ref _lastId);

    public ConnectionListener? Find(long id) => _connections.GetValueOrDefault(id);

    public void Add(ConnectionListener connection)
    {
        _connections[connection.Id] = connection;
        if (!connection.IsProbe)
        {
            Interlocked.Increment(ref _live);
        }
    }

    /// <summary>Takes the slot of an open connection, unless there are too many.</summary>
    public bool TryTakeOpenSlot()
    {
        if (Interlocked.Increment(ref _open) <= maxOpen)
        {
            return true;
        }

        Interlocked.Decrement(ref _open);
        return false;
    }

    public void FreeOpenSlot() => Interlocked.Decrement(ref _open);

    /// <summary>Stops counting a connection that is about to publish its terminal event.</summary>
    public void Retire(ConnectionListener connection)
    {
        if (!connection.IsProbe)
        {
            Interlocked.Decrement(ref _live);
        }
    }

    /// <summary>Removes a connection whose task ends.</summary>
    public void Remove(ConnectionListener connection) => _connections.TryRemove(connection.Id, out _);
}
