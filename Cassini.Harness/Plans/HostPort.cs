using System.Globalization;

namespace Cassini.Harness.Plans;

/// <summary>An address as people write it: <c>broker.example:8883</c>, <c>127.0.0.1:8883</c>, <c>[::1]:8883</c>.</summary>
internal readonly record struct HostPort(string Host, int Port)
{
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
            host = inner;
        }
        else if (host.Contains(':', StringComparison.Ordinal))
        {
            return false; // IPv6 without brackets: nobody knows where the port begins.
        }

        address = new HostPort(host, port);
        return Uri.CheckHostName(host) != UriHostNameType.Unknown;
    }

    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
