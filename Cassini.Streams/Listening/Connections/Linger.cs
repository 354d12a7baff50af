using System.Buffers;
using System.Net.Sockets;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Listening.Connections;

/// <summary>
/// Reads and drops what the peer still sends, until it closes too. A socket that is closed with unread bytes, or that gets some later,
/// sends a reset, and a reset may discard what the peer has not read yet, such as the reason of the close or the alert of a handshake.
/// </summary>
internal static class Linger
{
    private const int ScrapSize = 16 * 1024;

    /// <summary>Sends the end of this side, and waits for that of the peer. Never fails.</summary>
    /// <param name="socket">The socket; the caller closes it.</param>
    /// <param name="longestScraps">The most bytes that are dropped meanwhile.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task RunAsync(Socket socket, long longestScraps, CancellationToken cancellationToken)
    {
        try
        {
            socket.Shutdown(SocketShutdown.Send);
            for (var dropped = 0L; dropped < longestScraps;)
            {
                if (await DropSomeAsync(socket, cancellationToken) is not (> 0 and var some))
                {
                    return;
                }

                dropped += some;
            }
        }
        catch (Exception ended) when (ended is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The peer closed, or its time is over.
        }
    }

    /// <summary>Holds a buffer only while there is something to read, because many connections may linger at once.</summary>
    /// <returns>0 when the peer has closed.</returns>
    private static async Task<int> DropSomeAsync(Socket socket, CancellationToken cancellationToken)
    {
        await socket.ReceiveAsync(Memory<byte>.Empty, cancellationToken);
        await SocketThread.LeaveAsync();
        var scraps = ArrayPool<byte>.Shared.Rent(ScrapSize);
        try
        {
            return await socket.ReceiveAsync(scraps, cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scraps);
        }
    }
}
