using System.Net.Sockets;
using Cassini.Streams.Primitives;
using Cassini.Streams.Tls;

namespace Cassini.Streams.Nats;

/// <summary>A server could not be connected to. The message is one line that says why.</summary>
internal sealed class NatsUnreachableException : Exception
{
    /// <param name="failure">What connecting threw.</param>
    /// <param name="cause">What NATS.Net knows of it beyond that; the same when nothing.</param>
    public NatsUnreachableException(Exception failure, Exception cause)
        : base(SafeText.Line(failure is TlsConfigurationException ? failure.Message : TextOf(cause)), failure)
    {
    }

    /// <summary>The outer exceptions only say that it did not succeed.</summary>
    private static string TextOf(Exception cause) => cause.GetBaseException() switch
    {
        SocketException socket => SocketText.Of(socket.SocketErrorCode) ?? socket.Message,
        TimeoutException => "no answer in time",
        var innermost => innermost.Message,
    };
}
