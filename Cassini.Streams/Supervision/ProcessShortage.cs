using System.Net.Sockets;

namespace Cassini.Streams.Supervision;

/// <summary>Tells crashes that a shortage of the whole process caused from those that a component caused.</summary>
internal static class ProcessShortage
{
    /// <summary>
    /// Whether memory, descriptors or buffers ran out: it can hit anyone, whoever used them up. An exception of an exception counts too.
    /// </summary>
    public static bool Caused(Exception crash)
    {
        for (var cause = crash; cause is not null; cause = cause.InnerException)
        {
            if (cause is OutOfMemoryException
                or SocketException { SocketErrorCode: SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable })
            {
                return true;
            }
        }

        return crash is AggregateException several && several.InnerExceptions.Any(Caused);
    }
}
