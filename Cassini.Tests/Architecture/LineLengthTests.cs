using System.Globalization;
using System.Text.RegularExpressions;
using Cassini.Tests.Docs;

namespace Cassini.Tests.Architecture;

/// <summary>The limit of <c>.editorconfig</c> holds for every source: the formatter does not check it.</summary>
public partial class LineLengthTests
{
    private static readonly int Limit =
        int.Parse(Setting().Match(Repository.Read(".editorconfig")).Groups[1].Value, CultureInfo.InvariantCulture);

    [Fact]
    public void Lines_OfAllSources_AreWithinTheLimit()
    {
        var sources = Directory.EnumerateFiles(Repository.Root, "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Repository.Root, file))
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj" || part.StartsWith('.')))
            .ToList();

        sources.Count.ShouldBeGreaterThan(500);
        sources.SelectMany(file => TooLong(file, Repository.Read(file))).ShouldBeEmpty();
    }

    [Fact]
    public void Line_BeyondTheLimit_IsReportedWithItsPlace() =>
        TooLong("A.cs", $"{new string('a', Limit)}\n{new string('b', Limit + 1)}\n").ShouldBe([$"A.cs:2: {Limit + 1} columns"]);

    private static IEnumerable<string> TooLong(string file, string text) => text.Split('\n')
        .Select((line, index) => (Number: index + 1, Columns: line.TrimEnd('\r').Length))
        .Where(line => line.Columns > Limit)
        .Select(line => $"{file}:{line.Number}: {line.Columns} columns");

    [GeneratedRegex(@"^max_line_length = (\d+)$", RegexOptions.Multiline)]
    private static partial Regex Setting();
}
