using System.Net;

namespace Cassini.Management.Messages;

/// <summary>Where a request comes from, as the events name a client's peer.</summary>
internal static class RemoteAddress
{
    /// <returns><c>address:port</c>; null when it is not known.</returns>
    public static string? Of(HttpContext context) => context.Connection.RemoteIpAddress is { } address
        ? new IPEndPoint(address, context.Connection.RemotePort).ToString()
        : null;
}
