using System.Text.RegularExpressions;

namespace Cassini.Tests.Docs;

/// <summary>Every relative link of every page leads to a file, and to a heading of it when it names one.</summary>
public partial class LinkTests
{
    public static TheoryData<string> Pages => [.. Directory.EnumerateFiles(Repository.Root, "*.md", SearchOption.AllDirectories)
        .Select(page => Path.GetRelativePath(Repository.Root, page))
        .Where(page => !page.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj" || part.StartsWith('.')))];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Links_OfThePage_LeadSomewhere(string page) => BrokenLinks(page).ShouldBeEmpty();

    [Fact]
    public void Links_OfTheReadme_AreFound() => Links("README.md").Count().ShouldBeGreaterThan(10);

    [Fact]
    public void Decisions_AreNumberedWithoutAGap()
    {
        var numbers = Directory.GetFiles(Path.Combine(Repository.Root, "docs", "decisions"), "*.md")
            .Select(path => int.Parse(Path.GetFileName(path)[..4], System.Globalization.CultureInfo.InvariantCulture))
            .Order()
            .ToList();

        numbers.ShouldBe(Enumerable.Range(1, numbers.Count));
    }

    private static IEnumerable<string> BrokenLinks(string page)
    {
        foreach (var link in Links(page))
        {
            var (path, heading) = link.Split('#', 2) is [var before, var after] ? (before, after) : (link, null);
            var target = path.Length == 0
                ? Path.Combine(Repository.Root, page)
                : Path.GetFullPath(Path.Combine(Repository.Root, Path.GetDirectoryName(page)!, path));
            if (!File.Exists(target) && !Directory.Exists(target))
            {
                yield return $"{link}: no such file";
            }
            else if (heading is not null && target.EndsWith(".md", StringComparison.Ordinal)
                && !Anchors(target).Contains(heading, StringComparer.OrdinalIgnoreCase))
            {
                yield return $"{link}: no such heading";
            }
        }
    }

    private static IEnumerable<string> Links(string page) =>
        Link().Matches(Fence().Replace(Repository.Read(page), ""))
            .Select(match => match.Groups[1].Value)
            .Where(link => !link.Contains(':', StringComparison.Ordinal) && !link.StartsWith('/'));

    /// <summary>
    /// Headings as the field's Markdown renderers make anchors of them: lower case, blanks become hyphens, other signs go.
    /// </summary>
    private static IEnumerable<string> Anchors(string path) =>
        Heading().Matches(Fence().Replace(File.ReadAllText(path), ""))
            .Select(match => NoAnchor().Replace(match.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^```.*?^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\p{L}\p{N}\- _]")]
    private static partial Regex NoAnchor();
}
