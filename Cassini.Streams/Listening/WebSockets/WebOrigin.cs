using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Cassini.Streams.Listening.WebSockets;

/// <summary>Where a page comes from (RFC 6454): its scheme, host and port. Two that are equal are the same origin. Immutable.</summary>
/// <param name="Scheme">In lower case, such as <c>https</c>.</param>
/// <param name="Host">In lower case; an IPv6 address in brackets.</param>
/// <param name="Port">The port; null for the usual one of the scheme.</param>
internal sealed partial record WebOrigin(string Scheme, string Host, int? Port)
{
    /// <summary>Reads <c>https://host</c> or <c>https://host:port</c>, as browsers write it.</summary>
    /// <returns>False for anything else, such as <c>null</c>, or an address with a path.</returns>
    public static bool TryParse(string text, [NotNullWhen(true)] out WebOrigin? origin)
    {
        origin = null;
        if (Form().Match(text) is not { Success: true } match)
        {
            return false;
        }

        var scheme = match.Groups["scheme"].Value.ToLowerInvariant();
        int? port = null;
        if (match.Groups["port"] is { Success: true } digits)
        {
            port = int.Parse(digits.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);
        }

        if (port > ushort.MaxValue)
        {
            return false;
        }

        origin = new WebOrigin(scheme, match.Groups["host"].Value.ToLowerInvariant(), port == UsualPort(scheme) ? null : port);
        return true;
    }

    /// <summary>The host of a Host header, which may have a port; in lower case.</summary>
    public static string HostOf(string header)
    {
        var colon = header.LastIndexOf(':');
        return (colon > header.LastIndexOf(']') ? header[..colon] : header).ToLowerInvariant();
    }

    private static int UsualPort(string scheme) => scheme switch
    {
        "https" => 443,
        "http" => 80,
        _ => 0,
    };

    [GeneratedRegex(
        @"^(?<scheme>[a-z][a-z0-9+.-]*)://(?<host>\[[0-9a-f:.]+\]|[^\s/\\?#:@\[\],]+)(:(?<port>[0-9]{1,5}))?\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
