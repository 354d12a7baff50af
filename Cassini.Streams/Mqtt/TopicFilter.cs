namespace Cassini.Streams.Mqtt;

/// <summary>Topic filters (MQTT 5.0 §4.7 and §4.8), which subscribers send.</summary>
internal static class TopicFilter
{
    private static ReadOnlySpan<byte> SharePrefix => "$share/"u8;

    /// <summary>
    /// Whether well-formed text is a topic filter: at least one character [MQTT-4.7.3-1], no U+0000 [MQTT-4.7.3-2], <c>#</c>
    /// alone in the last level [MQTT-4.7.1-1], <c>+</c> alone in its level [MQTT-4.7.1-2].
    /// </summary>
    public static bool IsValid(ReadOnlySpan<byte> filter)
    {
        if (filter.IsEmpty || filter.Contains((byte)0))
        {
            return false;
        }

        for (var at = filter.IndexOfAny((byte)'+', (byte)'#'); at >= 0;)
        {
            var startsLevel = at == 0 || filter[at - 1] == TopicName.Separator;
            var endsLevel = at == filter.Length - 1 || (filter[at] == '+' && filter[at + 1] == TopicName.Separator);
            if (!startsLevel || !endsLevel)
            {
                return false;
            }

            var next = filter[(at + 1)..].IndexOfAny((byte)'+', (byte)'#');
            at = next < 0 ? -1 : at + 1 + next;
        }

        return true;
    }

    /// <summary>
    /// Whether well-formed text may be subscribed to: a topic filter, and if it begins like a shared subscription, one of these.
    /// </summary>
    /// <param name="filter">The filter as the client sent it.</param>
    /// <param name="shareName">The share's name; empty when the subscription is not shared.</param>
    /// <param name="inner">The filter that topics are matched against.</param>
    public static bool TryParse(ReadOnlySpan<byte> filter, out ReadOnlySpan<byte> shareName, out ReadOnlySpan<byte> inner) =>
        TrySplit(filter, out shareName, out inner) && IsValid(filter);

    /// <summary>
    /// Splits a shared subscription, <c>$share/NAME/FILTER</c> (§4.8.2), into its name and its filter.
    /// </summary>
    /// <param name="filter">The filter as the client sent it.</param>
    /// <param name="shareName">The share's name; empty when the subscription is not shared.</param>
    /// <param name="inner">The filter that topics are matched against.</param>
    /// <returns>False when it begins like a shared one but is not: it needs a name of at least one character without wildcards and slash
    /// [MQTT-4.8.2-1], [MQTT-4.8.2-2], then a filter.</returns>
    public static bool TrySplit(ReadOnlySpan<byte> filter, out ReadOnlySpan<byte> shareName, out ReadOnlySpan<byte> inner)
    {
        shareName = default;
        inner = filter;
        if (!filter.StartsWith(SharePrefix))
        {
            return !filter.SequenceEqual(SharePrefix[..^1]);
        }

        var rest = filter[SharePrefix.Length..];
        var slash = rest.IndexOf(TopicName.Separator);
        if (slash <= 0 || slash == rest.Length - 1)
        {
            return false;
        }

        shareName = rest[..slash];
        inner = rest[(slash + 1)..];
        return !shareName.ContainsAny((byte)'+', (byte)'#');
    }

    /// <summary>Whether a valid filter is that of a shared subscription.</summary>
    public static bool IsShared(string filter) => filter.StartsWith("$share/", StringComparison.Ordinal);

    /// <summary>
    /// What well-formed text lacks to be a topic filter: it is empty [MQTT-4.7.3-1], or it begins like a shared subscription and has no
    /// share name [MQTT-4.8.2-1] or no filter behind it [MQTT-4.8.2-2]. A wildcard in the wrong place is no such lack.
    /// </summary>
    /// <returns>Null when it lacks nothing.</returns>
    public static ProtocolViolation? Lack(ReadOnlySpan<byte> filter)
    {
        if (filter.IsEmpty)
        {
            return ProtocolViolation.Malformed("MQTT-4.7.3-1", "a topic filter is empty");
        }

        if (!filter.StartsWith(SharePrefix))
        {
            return null;
        }

        var rest = filter[SharePrefix.Length..];
        var slash = rest.IndexOf(TopicName.Separator);
        return rest.IsEmpty || slash == 0
                ? ProtocolViolation.Malformed("MQTT-4.8.2-1", "a shared subscription has no share name")
            : slash < 0 || slash == rest.Length - 1
                ? ProtocolViolation.Malformed("MQTT-4.8.2-2", "a shared subscription has no topic filter behind its share name")
            : null;
    }

    /// <summary>Whether <paramref name="topic"/> matches <paramref name="filter"/>, both valid.</summary>
    public static bool Matches(ReadOnlySpan<byte> filter, ReadOnlySpan<byte> topic)
    {
        if (TopicName.IsSystem(topic) && filter[0] is (byte)'+' or (byte)'#')
        {
            return false;
        }

        while (true)
        {
            var level = NextLevel(ref filter, out var filterEnds);
            if (level is [(byte)'#'])
            {
                return true;
            }

            var name = NextLevel(ref topic, out var topicEnds);
            if (level is not [(byte)'+'] && !level.SequenceEqual(name))
            {
                return false;
            }

            if (topicEnds)
            {
                // "sport/#" also matches "sport", because # includes the parent level (§4.7.1.2).
                return filterEnds || filter.SequenceEqual("#"u8);
            }

            if (filterEnds)
            {
                return false;
            }
        }
    }

    /// <summary>Takes the next level off <paramref name="levels"/>.</summary>
    public static ReadOnlySpan<byte> NextLevel(ref ReadOnlySpan<byte> levels, out bool isLast)
    {
        var slash = levels.IndexOf(TopicName.Separator);
        isLast = slash < 0;
        var level = isLast ? levels : levels[..slash];
        levels = isLast ? default : levels[(slash + 1)..];
        return level;
    }
}
