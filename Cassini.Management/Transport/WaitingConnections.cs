using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using Cassini.Management.Access;

namespace Cassini.Management.Transport;

/// <summary>
/// Open connections that have asked nothing, or have their answer, the one that has been idle longest first. Of one thread.
/// </summary>
/// <param name="most">How many there may be.</param>
/// <param name="longest">How long each may be idle.</param>
/// <param name="places">How many each caller may have.</param>
/// <param name="time">The clock.</param>
internal sealed class WaitingConnections(int most, TimeSpan longest, CallerPlaces places, TimeProvider time)
{
    private readonly Dictionary<Socket, LinkedListNode<Waiting>> _bySocket = [];
    private readonly LinkedList<Waiting> _byAge = new();

    private sealed record Waiting(Socket Socket, IPEndPoint Remote)
    {
        public long Since { get; set; }
    }

    /// <summary>The sockets of all.</summary>
    public IEnumerable<Socket> Sockets => _bySocket.Keys;

    /// <summary>Whether there is no more room.</summary>
    public bool IsFull => _bySocket.Count >= most;

    /// <summary>Adds a new one; false when its caller has too many, also here.</summary>
    public bool TryAdd(Socket socket, IPEndPoint remote)
    {
        if (!places.TryTake(remote.Address))
        {
            return false;
        }

        _bySocket.Add(socket, _byAge.AddLast(new Waiting(socket, remote) { Since = time.GetTimestamp() }));
        return true;
    }

    /// <summary>Its caller; false when it is not here.</summary>
    public bool TryGet(Socket socket, [NotNullWhen(true)] out IPEndPoint? remote)
    {
        remote = _bySocket.TryGetValue(socket, out var node) ? node.Value.Remote : null;
        return remote is not null;
    }

    /// <summary>It was answered, and is idle from now on.</summary>
    public void Touch(Socket socket)
    {
        var node = _bySocket[socket];
        node.Value.Since = time.GetTimestamp();
        _byAge.Remove(node);
        _byAge.AddLast(node);
    }

    /// <summary>Takes one out; it stays open.</summary>
    public void Remove(Socket socket)
    {
        if (_bySocket.Remove(socket, out var node))
        {
            _byAge.Remove(node);
            places.GiveBack(node.Value.Remote.Address);
        }
    }

    /// <summary>Takes one out and closes it.</summary>
    public void Close(Socket socket)
    {
        Remove(socket);
        socket.Dispose();
    }

    /// <summary>Closes the one that has been idle longest.</summary>
    /// <returns>Whether there was one.</returns>
    public bool CloseOldest()
    {
        if (_byAge.First is not { } oldest)
        {
            return false;
        }

        Close(oldest.Value.Socket);
        return true;
    }

    /// <summary>Closes those that have been idle for too long.</summary>
    public void CloseExpired()
    {
        while (_byAge.First is { } oldest && time.GetElapsedTime(oldest.Value.Since) >= longest)
        {
            Close(oldest.Value.Socket);
        }
    }

    /// <summary>Closes all.</summary>
    public void CloseAll()
    {
        while (CloseOldest())
        {
        }
    }
}
