using System.Text;
using MQTTnet;

namespace Cassini.Harness.Plans;

/// <summary>Checks topics and filters (MQTT 5.0 §4.7) before a broker is asked.</summary>
internal static class PlanTopics
{
    private const int MaxBytes = 65535; // [MQTT-4.7.3-3]
    private const string SharePrefix = "$share/";

    /// <summary>What is wrong with a topic; null when nothing is.</summary>
    public static string? ProblemOfTopic(string topic) =>
        ProblemOfText(topic) is { } problem ? $"'{topic}' is no topic: {problem}"
        : topic.AsSpan().ContainsAny('+', '#') ? $"'{topic}' is no topic: + and # are for filters"
        : null;

    /// <summary>What is wrong with a filter; null when nothing is.</summary>
    public static string? ProblemOfFilter(string filter) =>
        (ProblemOfText(filter) ?? ProblemOfShare(filter) ?? ProblemOfWildcards(filter)) is { } problem
            ? $"'{filter}' is no filter: {problem}"
            : null;

    public static bool Matches(string filter, string topic) =>
        MqttTopicFilterComparer.Compare(topic, Unshared(filter)) == MqttTopicFilterCompareResult.IsMatch;

    public static bool IsShared(string filter) => filter.StartsWith(SharePrefix, StringComparison.Ordinal);

    private static string Unshared(string filter) => IsShared(filter) ? filter.Split('/', 3)[2] : filter;

    private static string? ProblemOfText(string text) =>
        text.Contains('\0', StringComparison.Ordinal) ? "it has U+0000"
        : Encoding.UTF8.GetByteCount(text) > MaxBytes ? $"it is longer than {MaxBytes} bytes"
        : null;

    private static string? ProblemOfShare(string filter) =>
        !IsShared(filter) || (filter.Split('/', 3) is [_, { Length: > 0 } name, { Length: > 0 }] && !name.AsSpan().ContainsAny('+', '#'))
            ? null
            : "a shared one is $share/NAME/FILTER";

    private static string? ProblemOfWildcards(string filter)
    {
        var levels = filter.Split('/');
        return levels.SkipLast(1).Append(levels[^1] == "#" ? "" : levels[^1]).Any(level => level.Contains('#', StringComparison.Ordinal))
            ? "# may only be its last level"
            : levels.Any(level => level.Contains('+', StringComparison.Ordinal) && level != "+")
                ? "+ may only be a whole level"
                : null;
    }
}
