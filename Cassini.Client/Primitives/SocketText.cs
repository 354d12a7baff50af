using System.Net.Sockets;

namespace Cassini.Streams.Primitives;

/// <summary>Socket errors in words that are the same on every operating system.</summary>
internal static class SocketText
{
    /// <summary>The error in words; null for none.</summary>
    public static string? Of(SocketError? error) => error switch
    {
        null => null,
        SocketError.AddressAlreadyInUse => "address already in use",
        SocketError.AddressNotAvailable => "no such address on this machine",
        SocketError.AccessDenied => "permission denied",
        SocketError.ConnectionRefused => "connection refused",
        SocketError.ConnectionReset => "connection reset",
        SocketError.TimedOut => "timed out",
        SocketError.HostNotFound or SocketError.NoData => "no such host",
        SocketError.TryAgain => "the host's name cannot be looked up now",
        SocketError.HostUnreachable => "host unreachable",
        SocketError.NetworkUnreachable => "network unreachable",
        _ => error.ToString(),
    };
}
