using System.Globalization;

namespace Cassini.Streams.Primitives;

/// <summary>An address as people write it: <c>broker.example:8883</c>, <c>127.0.0.1:8883</c>, <c>[::1]:8883</c>.</summary>
/// <param name="Host">A name or a numeric address, without brackets.</param>
/// <param name="Port">The port.</param>
internal readonly record struct HostPort(string Host, int Port)
{
    /// <summary>Reads an address. A name is not resolved.</summary>
    /// <param name="text">The text.</param>
    /// <param name="address">The address, when the text is one.</param>
    /// <param name="leastPort">The lowest port that is allowed. Default: 1, because a client cannot connect to port 0.</param>
    public static bool TryParse(string text, out HostPort address, int leastPort = 1)
    {
        address = default;
        var colon = text.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || port < leastPort || port > ushort.MaxValue)
        {
            return false;
        }

        var host = text[..colon];
        if (host is ['[', .. var inner, ']'])
        {
            if (Uri.CheckHostName(inner) != UriHostNameType.IPv6)
            {
                return false; // Brackets are for IPv6 alone.
            }

            host = inner;
        }
        else if (host.Contains(':', StringComparison.Ordinal))
        {
            return false; // IPv6 without brackets: it is unclear where the port begins.
        }

        address = new HostPort(host, port);
        return Uri.CheckHostName(host) != UriHostNameType.Unknown;
    }

    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
