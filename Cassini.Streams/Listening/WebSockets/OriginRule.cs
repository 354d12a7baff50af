using System.Collections.Immutable;

namespace Cassini.Streams.Listening.WebSockets;

/// <summary>
/// Which pages may connect. A browser proves its user by the client certificate, whatever page asks it to, so any page could act as
/// that user. Only a browser sends an origin, and no page can forge it.
/// </summary>
internal sealed class OriginRule
{
    private readonly ImmutableArray<WebOrigin> _allowed;

    /// <param name="origins">The origins of the pages that may; empty for pages of the same host alone.</param>
    public OriginRule(ImmutableArray<string> origins)
    {
        _allowed =
        [
            .. (origins.IsDefault ? [] : origins)
                .Select(text => WebOrigin.TryParse(text, out var origin) ? origin : null)
                .OfType<WebOrigin>(),
        ];
    }

    /// <summary>Whether a request may come from where it does.</summary>
    /// <param name="origin">Its Origin; null when it has none, because it is no browser's.</param>
    /// <param name="host">Its Host.</param>
    public bool Allows(string? origin, string host) =>
        origin is null
        || (WebOrigin.TryParse(origin, out var from)
            && (_allowed.IsEmpty ? from.Scheme == "https" && from.Host == WebOrigin.HostOf(host) : _allowed.Contains(from)));
}
