using System.Collections.Concurrent;
using Cassini.Streams.Events;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Listening.Connections;

/// <summary>
/// The connections that have not ended, probes included, and the counts that health may compare, probes excluded. Thread-safe.
/// </summary>
/// <param name="maxOpen">The most that may be open at once.</param>
/// <param name="accounts">Who has how many.</param>
internal sealed class ConnectionTable(int maxOpen, AccountTable accounts)
{
    private readonly ConcurrentDictionary<long, ConnectionListener> _connections = new();
    private readonly SharedResource _open = new(CapacityResource.Connections, maxOpen, accounts);
    private long _lastId;
    private long _lastProbeId;
    private int _live;

    /// <summary>Clients' connections, from accept to just before their terminal event.</summary>
    public int Live => Volatile.Read(ref _live);

    /// <summary>Clients' open connections.</summary>
    public int Open => (int)_open.Used;

    /// <summary>How many of the connections that may be open are, and the identity that has most of them. Probes excluded.</summary>
    public ResourceUse Use => _open.Use;

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

    /// <summary>Takes the slot of an open connection, unless its identity or all have too many.</summary>
    public QuotaVerdict TryTakeOpenSlot(Account account) => _open.TryTake(account, 1);

    public void FreeOpenSlot(Account account) => _open.Return(account, 1, 1);

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
