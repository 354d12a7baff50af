using System.Collections.Concurrent;
using System.Net.Sockets;
using Cassini.Streams.Listening.Endpoints;

namespace Cassini.Tests.Listening;

/// <summary>Real sockets whose first accepts fail.</summary>
internal sealed class FailingTransport(SocketError error, int failures) : ISocketTransport
{
    private int _failed;

    public int Failed => Math.Min(Volatile.Read(ref _failed), failures);

    public Socket Listen(EndpointAddress address, int backlog) => SocketTransport.Instance.Listen(address, backlog);

    public ValueTask<Socket> AcceptAsync(Socket listener, CancellationToken cancellationToken) =>
        Interlocked.Increment(ref _failed) <= failures
            ? ValueTask.FromException<Socket>(new SocketException((int)error))
            : SocketTransport.Instance.AcceptAsync(listener, cancellationToken);
}

/// <summary>Real sockets, of which the accepted ones can be looked at.</summary>
internal sealed class WatchedTransport : ISocketTransport
{
    private readonly ConcurrentQueue<Socket> _accepted = new();

    public IReadOnlyCollection<Socket> Accepted => _accepted;

    public Socket Listen(EndpointAddress address, int backlog) => SocketTransport.Instance.Listen(address, backlog);

    public async ValueTask<Socket> AcceptAsync(Socket listener, CancellationToken cancellationToken)
    {
        var socket = await SocketTransport.Instance.AcceptAsync(listener, cancellationToken);
        _accepted.Enqueue(socket);
        return socket;
    }
}

/// <summary>Real sockets of which the first never accepts anybody.</summary>
internal sealed class HangingTransport : ISocketTransport
{
    private Socket? _first;

    public Socket Listen(EndpointAddress address, int backlog)
    {
        var socket = SocketTransport.Instance.Listen(address, backlog);
        _first ??= socket;
        return socket;
    }

    public async ValueTask<Socket> AcceptAsync(Socket listener, CancellationToken cancellationToken)
    {
        if (listener == _first)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        }

        return await SocketTransport.Instance.AcceptAsync(listener, cancellationToken);
    }
}
