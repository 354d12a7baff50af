using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Cassini.Management.Transport;

/// <summary>
/// One address of <see cref="OwnThreadTransport"/>, with its thread. The thread does nothing that waits, except for sockets.
/// </summary>
internal sealed class OwnThreadListener : IConnectionListener
{
    private const int MostAcceptsAtOnce = 64;

    // A peer that sends less than a whole request and stops is Kestrel's, so nothing else needs a shorter one.
    private static readonly TimeSpan LongestSleep = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly Socket _listening;
    private readonly WaitingConnections _waiting;
    private readonly HandOver _handOver;
    private readonly Func<BareRequest, IPEndPoint, byte[]?> _answer;
    private readonly Action _refused;
    private readonly ILogger _logger;
    private readonly Socket _wake = SelfConnected();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[] _buffer = new byte[BareRequest.LongestBytes];
    private volatile bool _isEnding;

    /// <summary>Starts the thread.</summary>
    /// <param name="listening">The listening socket, which this owns.</param>
    /// <param name="waiting">The connections without a request.</param>
    /// <param name="handOver">Where all else goes.</param>
    /// <param name="answer">Answers a probe; null when Kestrel must.</param>
    /// <param name="refused">Called for each connection that is closed for want of room.</param>
    /// <param name="logger">The log.</param>
    public OwnThreadListener(
        Socket listening, WaitingConnections waiting, HandOver handOver,
        Func<BareRequest, IPEndPoint, byte[]?> answer, Action refused, ILogger logger)
    {
        _listening = listening;
        _listening.Blocking = false;
        EndPoint = listening.LocalEndPoint!;
        _waiting = waiting;
        _handOver = handOver;
        _answer = answer;
        _refused = refused;
        _logger = logger;
        new Thread(Run) { Name = "cassini management", IsBackground = true }.Start();
    }

    public EndPoint EndPoint { get; }

    public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
        _handOver.TakeAsync(cancellationToken);

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _isEnding = true;
        try
        {
            _wake.Send([0]);
        }
        catch (Exception ended) when (ended is SocketException or ObjectDisposedException)
        {
            // The thread has ended, or looks by itself.
        }

        // Whoever cancels wants the address to be free all the same, and the thread waits for nobody.
        return new ValueTask(_ended.Task);
    }

    public async ValueTask DisposeAsync()
    {
        await UnbindAsync();
        _handOver.Dispose();
    }

    /// <summary>A datagram socket that hears itself alone.</summary>
    private static Socket SelfConnected()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { Blocking = false };
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Connect(socket.LocalEndPoint!);
        return socket;
    }

    private void Run()
    {
        var accepts = true;
        while (!_isEnding)
        {
            try
            {
                List<Socket> ready = [_wake, .. _waiting.Sockets];
                if (accepts)
                {
                    ready.Add(_listening);
                }

                Socket.Select(ready, null, null, accepts ? LongestSleep : Pause);
                accepts = !ready.Remove(_listening) || TryAcceptSome();
                ready.ForEach(Serve);
                _waiting.CloseExpired();
            }
            catch (Exception unexpected)
            {
                // Whatever it is, probes must be answered again: but not in a loop without rest.
                TransportLog.Failed(_logger, unexpected);
                _wake.Poll(Pause, SelectMode.SelectRead);
            }
        }

        _listening.Dispose();
        _waiting.CloseAll();
        _handOver.Complete();
        _wake.Dispose();
        _ended.SetResult();
    }

    /// <summary>Accepts those that have come.</summary>
    /// <returns>Whether to go on; false for a pause, because the system has no descriptor left.</returns>
    private bool TryAcceptSome()
    {
        for (var i = 0; i < MostAcceptsAtOnce; i++)
        {
            Socket socket;
            try
            {
                socket = _listening.Accept();
            }
            catch (SocketException nothing) when (nothing.SocketErrorCode == SocketError.WouldBlock)
            {
                return true;
            }
            catch (SocketException failure) when (failure.SocketErrorCode
                is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable)
            {
                // The one that asked nothing for longest makes room; with none, all wait for a while.
                _refused();
                return _waiting.CloseOldest();
            }
            catch (SocketException)
            {
                continue; // the peer is gone
            }

            Add(socket);
        }

        return true;
    }

    private void Add(Socket socket)
    {
        try
        {
            socket.Blocking = false;
            socket.NoDelay = true;
            var remote = (IPEndPoint)socket.RemoteEndPoint!;
            if (_waiting.IsFull)
            {
                _refused();
                _waiting.CloseOldest();
            }

            if (!_waiting.TryAdd(socket, remote))
            {
                _refused();
                socket.Dispose();
            }
        }
        catch (SocketException)
        {
            socket.Dispose(); // the peer is gone
        }
    }

    private void Serve(Socket socket)
    {
        if (!_waiting.TryGet(socket, out var remote))
        {
            return; // the signal to end, or it was closed for a newer one
        }

        try
        {
            var length = socket.Receive(_buffer, SocketFlags.Peek);
            if (length == 0)
            {
                _waiting.Close(socket);
            }
            else if (BareRequest.TryRead(_buffer.AsSpan(0, length)) is { } request && _answer(request, remote) is { } answer)
            {
                socket.Receive(_buffer.AsSpan(0, length));
                Send(socket, answer, request.KeepsAlive);
            }
            else
            {
                _waiting.Remove(socket);
                if (!_handOver.Pass(socket))
                {
                    _refused();
                }
            }
        }
        catch (SocketException gone) when (gone.SocketErrorCode == SocketError.WouldBlock)
        {
            // There was nothing after all.
        }
        catch (SocketException)
        {
            _waiting.Close(socket);
        }
        catch
        {
            _waiting.Close(socket);
            throw;
        }
    }

    /// <summary>Sends at once: an answer that does not fit into the socket's buffer is for a peer that does not read.</summary>
    private void Send(Socket socket, byte[] answer, bool keepsAlive)
    {
        if (socket.Send(answer, SocketFlags.None, out _) == answer.Length && keepsAlive)
        {
            _waiting.Touch(socket);
            return;
        }

        socket.Shutdown(SocketShutdown.Both);
        _waiting.Close(socket);
    }
}
