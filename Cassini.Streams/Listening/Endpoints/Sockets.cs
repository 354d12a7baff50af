using System.Net.Sockets;

namespace Cassini.Streams.Listening.Endpoints;

internal static class Sockets
{
    /// <summary>Whether the kernel holds received bytes. Any thread; false when the socket is closed.</summary>
    public static bool HasUnread(Socket socket)
    {
        try
        {
            return socket.Available > 0;
        }
        catch (Exception failure) when (failure is ObjectDisposedException or SocketException)
        {
            return false;
        }
    }

    /// <summary>Lets the system find out that the peer is gone without a word.</summary>
    /// <exception cref="SocketException">The peer is gone already.</exception>
    public static void KeepAlive(Socket socket, ListenerOptions options)
    {
        if (options.TcpKeepAlive > TimeSpan.Zero)
        {
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, (int)options.TcpKeepAlive.TotalSeconds);
            socket.SetSocketOption(
                SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, (int)options.TcpKeepAliveInterval.TotalSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, options.TcpKeepAliveProbes);
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        }
    }

    /// <summary>Closes at once: what is unsent is dropped and the peer sees a reset. Any thread; also when it is closed already.</summary>
    public static void Abort(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception failure) when (failure is ObjectDisposedException or SocketException)
        {
            // Closed already, or by the peer: there is nothing left to drop.
        }

        socket.Dispose();
    }
}
