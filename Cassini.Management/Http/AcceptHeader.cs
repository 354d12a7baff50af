using System.Net.Mime;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Cassini.Management.Http;

/// <summary>Chooses a representation by the Accept header [RFC 9110, 12.5.1].</summary>
internal static class AcceptHeader
{
    /// <summary>Whether the caller prefers HTML to plain text, as browsers do.</summary>
    public static bool PrefersHtml(HttpRequest request) =>
        Choose(request.Headers.Accept, MediaTypeNames.Text.Plain, MediaTypeNames.Text.Html) == 1;

    /// <summary>
    /// The index of the offered media type that the caller prefers; the first one at a tie, without a header, with a
    /// malformed one, and when none is acceptable: a probe must always get its answer.
    /// </summary>
    public static int Choose(StringValues accept, params ReadOnlySpan<string> offered)
    {
        if (accept.Count == 0 || (accept.Count == 1 && accept[0] is null or "" or "*/*"))
        {
            return 0;
        }

        if (!MediaTypeHeaderValue.TryParseList(accept!, out var ranges))
        {
            return 0;
        }

        var best = 0;
        var bestQuality = 0.0;
        for (var i = 0; i < offered.Length; i++)
        {
            var quality = QualityOf(offered[i], ranges);
            if (quality > bestQuality)
            {
                (best, bestQuality) = (i, quality);
            }
        }

        return best;
    }

    /// <summary>The quality of the most specific range that the type falls into.</summary>
    private static double QualityOf(string offered, IList<MediaTypeHeaderValue> ranges)
    {
        var slash = offered.IndexOf('/', StringComparison.Ordinal);
        var quality = 0.0;
        var closest = -1;
        foreach (var range in ranges)
        {
            var match = range.MatchesAllTypes ? 0
                : !range.Type.Equals(new StringSegment(offered, 0, slash), StringComparison.OrdinalIgnoreCase) ? -1
                : range.MatchesAllSubTypes ? 1
                : range.SubType.Equals(new StringSegment(offered).Subsegment(slash + 1), StringComparison.OrdinalIgnoreCase) ? 2
                : -1;
            if (match > closest)
            {
                (closest, quality) = (match, range.Quality ?? 1);
            }
        }

        return quality;
    }
}
