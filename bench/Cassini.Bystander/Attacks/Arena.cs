using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Cassini.Load;

namespace Cassini.Bystander.Attacks;

/// <summary>
/// What all attacks do alike: connections, and loops that end with their connection. Whatever the broker refuses or ends is counted, and
/// the attack goes on.
/// </summary>
/// <param name="port">The broker's, on 127.0.0.1.</param>
/// <param name="tls">The attacker's identity.</param>
internal sealed class Arena(int port, ClientTls tls)
{
    /// <summary>Handshakes at once: those of one address are limited, and more would only wait.</summary>
    private const int Handshakes = 32;

    public Tally Tally { get; } = new();

    /// <summary>Cancelled at the end of the present part of the attack.</summary>
    public CancellationToken Token { get; set; }

    /// <summary>An open connection, or null when it was refused.</summary>
    public async Task<Peer?> OpenAsync(ReadOnlyMemory<byte> connect)
    {
        Peer? peer = null;
        try
        {
            peer = await HandshakeAsync();
            if (await peer.OpenAsync(connect, Token))
            {
                Tally.Connected();
                return peer;
            }
        }
        catch (Exception e) when (IsEnd(e))
        {
            // Refused in a way that has no code.
        }

        if (!Token.IsCancellationRequested)
        {
            Tally.Refused();
        }

        peer?.Dispose();
        return null;
    }

    /// <summary>As many connections as are not refused, each with its own CONNECT.</summary>
    /// <param name="count">How many are tried.</param>
    /// <param name="connect">The CONNECT of the connection of that number.</param>
    /// <param name="drain">Whether they read.</param>
    public async Task<IReadOnlyList<Peer>> OpenManyAsync(int count, Func<int, byte[]> connect, bool drain = true)
    {
        var peers = new List<Peer>();
        await EachAsync(count, async number =>
        {
            if (await OpenAsync(connect(number)) is { } peer)
            {
                lock (peers)
                {
                    peers.Add(peer);
                }

                if (drain)
                {
                    Drain(peer);
                }
            }
        });
        return peers;
    }

    /// <summary>Does something with numbers from 0, as many at once as handshakes make sense, until the part ends.</summary>
    public async Task EachAsync(int count, Func<int, Task> act)
    {
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Math.Min(count, Handshakes)).Select(_ => GuardAsync(async () =>
        {
            for (var number = Interlocked.Increment(ref next); number < count; number = Interlocked.Increment(ref next))
            {
                Token.ThrowIfCancellationRequested();
                await act(number);
            }
        })));
    }

    /// <summary>Does the same with each of the connections, all at once.</summary>
    public Task AllAsync(IEnumerable<Peer> peers, Func<Peer, int, Task> act) =>
        Task.WhenAll(peers.Select((peer, number) => GuardAsync(() => act(peer, number))));

    /// <summary>Sends the same bytes until the part ends or the connection does.</summary>
    public Task FloodAsync(Peer peer, ReadOnlyMemory<byte> bytes) => GuardAsync(async () =>
    {
        while (true)
        {
            await peer.SendAsync(bytes, Token);
        }
    });

    /// <summary>Reads from now on, until the process ends.</summary>
    public void Drain(Peer peer, bool acknowledge = true) => _ = GuardAsync(() => peer.DrainAsync(acknowledge, CancellationToken.None));

    /// <summary>Reads until the broker ends the connection, which is counted nowhere.</summary>
    public async Task EndAsync(Peer peer)
    {
        try
        {
            await peer.DrainAsync(acknowledge: false, Token);
        }
        catch (Exception e) when (IsEnd(e))
        {
            Token.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Connects, without CONNECT.</summary>
    public async Task<Peer> HandshakeAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), Token);
            var stream = new SslStream(new NetworkStream(socket));
            await stream.AuthenticateAsClientAsync(tls.Options, Token);
            return new Peer(socket, stream, Tally);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Runs it; an end of its connection is counted, and none of the part.</summary>
    public async Task GuardAsync(Func<Task> run)
    {
        try
        {
            await run();
        }
        catch (Exception e) when (IsEnd(e))
        {
            if (!Token.IsCancellationRequested)
            {
                Tally.Cut();
            }
        }
    }

    /// <summary>Waits until the part ends.</summary>
    public async Task HoldAsync()
    {
        var ended = new TaskCompletionSource();
        await using var registration = Token.Register(ended.SetResult);
        await ended.Task;
    }

    private static bool IsEnd(Exception e) => e is IOException or SocketException or AuthenticationException or OperationCanceledException
        or ObjectDisposedException;
}
