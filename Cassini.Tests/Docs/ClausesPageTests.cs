using System.Text.RegularExpressions;

namespace Cassini.Tests.Docs;

/// <summary>The pages of clauses name tests that exist, and docs/extend/mqtt-clauses.md every clause that the codec reports.</summary>
public partial class ClausesPageTests
{
    private static readonly string Page = Repository.Read("docs", "extend", "mqtt-clauses.md");

    [Theory]
    [InlineData("mqtt-clauses.md")]
    [InlineData("broker-clauses.md")]
    public void Page_EveryTest_Exists(string page)
    {
        var tests = typeof(ClausesPageTests).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods().Select(method => $"{type.Name}.{method.Name}"))
            .ToHashSet();
        var named = Test().Matches(Repository.Read("docs", "extend", page)).Select(match => match.Groups[1].Value).ToList();

        named.ShouldNotBeEmpty();
        named.Where(name => !tests.Contains(name)).ShouldBeEmpty();
    }

    [Fact]
    public void Page_EveryClauseOfTheCodec_HasARow()
    {
        var reported = Directory.EnumerateFiles(
            Path.Combine(Repository.Root, "Cassini.Streams", "Mqtt"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => Clause().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups[1].Value)
            .Distinct()
            .ToList();

        reported.Count.ShouldBeGreaterThan(50);
        reported.Where(clause => !Regex.IsMatch(Page, $@"\| [^|]*{Regex.Escape(clause)}(?![\d.])[^|]* \|")).ShouldBeEmpty();
    }

    [GeneratedRegex(@"`(\w+Tests\.\w+)`")]
    private static partial Regex Test();

    [GeneratedRegex("\"((?:MQTT-|§)[\\d.-]+)\"")]
    private static partial Regex Clause();
}
