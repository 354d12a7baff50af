namespace Cassini.Tests.Docs.Controllers;

/// <summary>A recipe of docs/use/controllers.md, unchanged: the fenced block after <c>&lt;!-- recipe: NAME --&gt;</c>.</summary>
internal static class Recipe
{
    /// <summary>Where every recipe expects management; what a test puts in its place is all that it changes.</summary>
    public const string Management = "http://127.0.0.1:9090";

    private const string Marker = "<!-- recipe: ";

    public static IReadOnlyList<string> Names { get; } =
        [.. Page().Where(line => line.StartsWith(Marker, StringComparison.Ordinal)).Select(line => line[Marker.Length..^" -->".Length])];

    public static string Named(string name)
    {
        var block = Page()
            .SkipWhile(line => line != $"{Marker}{name} -->")
            .SkipWhile(line => !line.StartsWith("```", StringComparison.Ordinal))
            .Skip(1)
            .TakeWhile(line => line != "```");
        return string.Join('\n', block) + "\n";
    }

    /// <summary>The literal block below a line of YAML that ends in <c>|</c>, without its indentation.</summary>
    public static string LiteralBlock(string yaml, string header)
    {
        var lines = yaml.Split('\n').SkipWhile(line => line.Trim() != header).ToList();
        lines.ShouldNotBeEmpty($"no line '{header}'");
        var outer = Indentation(lines[0]);
        var body = lines.Skip(1).TakeWhile(line => line.Length == 0 || Indentation(line) > outer).ToList();
        var inner = Indentation(body[0]);
        return string.Join('\n', body.Select(line => line.Length == 0 ? line : line[inner..])) + "\n";
    }

    private static string[] Page() => Repository.Read("docs", "use", "controllers.md").Split('\n');

    private static int Indentation(string line) => line.Length - line.TrimStart().Length;
}
