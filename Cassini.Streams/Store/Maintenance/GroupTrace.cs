using Cassini.Streams.Primitives;

namespace Cassini.Streams.Store.Maintenance;

/// <summary>Which sessions and topics a group is about, as far as it can be read.</summary>
/// <param name="Sessions">Client identifiers, or <c>session 17</c> when the name is not known; at most <see cref="Most"/>.</param>
/// <param name="Topics">Names of topics; at most <see cref="Most"/>.</param>
internal sealed record GroupTrace(IReadOnlyList<string> Sessions, IReadOnlyList<string> Topics)
{
    public const int Most = 20;

    public static readonly GroupTrace None = new([], []);

    /// <param name="group">The group, which may be damaged.</param>
    /// <param name="clientIdOf">The client identifier of a session's number; null when it is not known.</param>
    public static GroupTrace Of(ReadOnlySpan<byte> group, Func<uint, string?> clientIdOf)
    {
        var sessions = new HashSet<string>(StringComparer.Ordinal);
        var topics = new HashSet<string>(StringComparer.Ordinal);
        foreach (var record in RecordDecoder.Guess(group))
        {
            if (record.Session is { } number)
            {
                sessions.Add(record.ClientId ?? clientIdOf(number) ?? $"session {number}");
            }

            if (record.Topic is { } topic)
            {
                topics.Add(topic);
            }
        }

        return new GroupTrace([.. sessions.Take(Most)], [.. topics.Take(Most)]);
    }

    /// <summary>A sentence; empty when nothing is known. Safe for a terminal.</summary>
    public override string ToString() => (Sessions.Count, Topics.Count) switch
    {
        (0, 0) => "",
        (_, 0) => $" As far as it can be read it is about {Names("client", Sessions)}.",
        (0, _) => $" As far as it can be read it is about {Names("topic", Topics)}.",
        _ => $" As far as it can be read it is about {Names("client", Sessions)} and {Names("topic", Topics)}.",
    };

    private static string Names(string noun, IReadOnlyList<string> names) =>
        $"{noun}{(names.Count == 1 ? "" : "s")} {string.Join(", ", names.Select(name => SafeText.Quote(name, 60)))}"
        + (names.Count == Most ? " and perhaps more" : "");
}
