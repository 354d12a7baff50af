using System.Text;
using Cassini.Streams.Primitives;

namespace Cassini.Web.Cli.Messaging;

/// <summary>What is wrong with a topic or a filter, reported before a broker is asked (MQTT 5.0 §4.7).</summary>
internal static class TopicText
{
    /// <summary>What a shared subscription's filter begins with (§4.8.2).</summary>
    public const string SharePrefix = "$share/";

    private const int MaxBytes = 65535; // [MQTT-4.7.3-3]
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>What is wrong; null when nothing is.</summary>
    public static string? ProblemOfTopic(string topic)
    {
        if (ProblemOfText(topic) is { } problem)
        {
            return $"topic '{SafeText.Of(topic)}' {problem}";
        }

        return topic.AsSpan().ContainsAny('+', '#')
            ? $"topic '{SafeText.Of(topic)}' must not have a wildcard: + and # are for filters"
            : null;
    }

    /// <summary>What is wrong; null when nothing is.</summary>
    public static string? ProblemOfFilter(string filter)
    {
        var problem = ProblemOfText(filter) ?? ProblemOfShare(filter) ?? ProblemOfWildcards(filter);
        return problem is null ? null : $"filter '{SafeText.Of(filter)}' {problem}";
    }

    private static string? ProblemOfText(string text)
    {
        if (text.Length == 0)
        {
            return "must not be empty";
        }

        if (text.Contains('\0', StringComparison.Ordinal))
        {
            return "must not have U+0000";
        }

        try
        {
            return Strict.GetByteCount(text) > MaxBytes ? $"is longer than {MaxBytes} bytes" : null;
        }
        catch (EncoderFallbackException)
        {
            return "is not Unicode text";
        }
    }

    private static string? ProblemOfShare(string filter)
    {
        if (filter != SharePrefix[..^1] && !filter.StartsWith(SharePrefix, StringComparison.Ordinal))
        {
            return null;
        }

        var parts = filter.Split('/', 3);
        return parts is [_, { Length: > 0 } name, { Length: > 0 }] && !name.AsSpan().ContainsAny('+', '#')
            ? null
            : "is not $share/NAME/FILTER";
    }

    private static string? ProblemOfWildcards(string filter)
    {
        var levels = filter.Split('/');
        for (var i = 0; i < levels.Length; i++)
        {
            if (levels[i].Contains('#', StringComparison.Ordinal) && (levels[i] != "#" || i < levels.Length - 1))
            {
                return "may have # only as its last level";
            }

            if (levels[i].Contains('+', StringComparison.Ordinal) && levels[i] != "+")
            {
                return "may have + only as a whole level";
            }
        }

        return null;
    }
}
