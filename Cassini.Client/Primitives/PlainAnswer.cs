using System.Security.Authentication;

namespace Cassini.Streams.Primitives;

/// <summary>Recognizes a peer that does not speak TLS at all.</summary>
internal static class PlainAnswer
{
    /// <summary>Whether a handshake failed because the first bytes of the peer are no TLS record.</summary>
    /// <param name="failure">What <c>SslStream</c> threw: it checks the frames before OpenSSL does.</param>
    public static bool Is(Exception? failure) =>
        failure is AuthenticationException && failure.Message.Contains("frame", StringComparison.OrdinalIgnoreCase);
}
