using System.Net.Sockets;

namespace Cassini.Streams.Listening.Endpoints;

internal static class Sockets
{
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
