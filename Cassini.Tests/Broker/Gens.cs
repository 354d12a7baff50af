using CsCheck;

namespace Cassini.Tests.Broker;

/// <summary>Topics and filters over a small alphabet, so that they meet often.</summary>
internal static class Gens
{
    private static readonly Gen<string> Level = OneOf("a", "b", "", "$s");
    private static readonly Gen<string> FilterLevel = OneOf("a", "b", "", "+", "+", "$s");

    public static readonly Gen<string> Topic = Level.Array[1, 4].Select(levels => string.Join('/', levels))
        .Where(topic => topic.Length > 0);

    public static readonly Gen<string> Filter =
        from levels in FilterLevel.Array[0, 4]
        from below in Gen.Bool
        let filter = string.Join('/', below ? [.. levels, "#"] : levels)
        where filter.Length > 0
        select filter;

    /// <summary>Every topic of up to five levels over the alphabet and one level that no filter has.</summary>
    public static IReadOnlyList<string> AllTopics { get; } =
        [.. Enumerable.Range(1, 5).SelectMany(Topics).Where(topic => topic.Length > 0)];

    public static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(at => texts[at]);

    private static IEnumerable<string> Topics(int levels) => levels == 1
        ? ["a", "b", "", "$s", "z"]
        : Topics(levels - 1).SelectMany(topic => new[] { $"{topic}/a", $"{topic}/b", $"{topic}/", $"{topic}/$s", $"{topic}/z" });
}
