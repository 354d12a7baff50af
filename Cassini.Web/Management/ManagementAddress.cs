using System.Net;

namespace Cassini.Web.Management;

/// <summary>Where the management surface listens.</summary>
internal static class ManagementAddress
{
    /// <summary>Reads <c>127.0.0.1:9090</c>, <c>[::1]:9090</c> or <c>localhost:9090</c>.</summary>
    /// <exception cref="ArgumentException">It is none of these: access from elsewhere is refused.</exception>
    public static IPEndPoint Parse(string text)
    {
        const string localhost = "localhost:";
        var numeric = text.StartsWith(localhost, StringComparison.OrdinalIgnoreCase) ? $"127.0.0.1:{text.AsSpan(localhost.Length)}" : text;
        return IPEndPoint.TryParse(numeric, out var endpoint) && IPAddress.IsLoopback(endpoint.Address)
            ? endpoint
            : throw new ArgumentException($"the management address {Answer.Quote(text)} is not a loopback address with a port");
    }
}
