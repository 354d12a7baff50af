using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Cassini.Tests.Docs;
using Microsoft.Extensions.Logging;

namespace Cassini.Tests.Architecture;

/// <summary>A log is searched by event id: each id has one message.</summary>
public partial class LogIdTests
{
    private const BindingFlags AllDeclared =
        BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    [Fact]
    public void LogMessages_OfAllAssemblies_HaveIdsOfTheirOwn()
    {
        var messages = ProductAssemblies.All
            .SelectMany(assembly => assembly.GetTypes())
            .SelectMany(type => type.GetMethods(AllDeclared))
            .Select(
                method => (Id: method.GetCustomAttribute<LoggerMessageAttribute>()?.EventId, Name: $"{method.DeclaringType}.{method.Name}"))
            .Where(message => message.Id is not null)
            .ToList();

        messages.Count.ShouldBeGreaterThan(20);
        messages.GroupBy(message => message.Id, message => message.Name)
            .Where(shared => shared.Count() > 1)
            .Select(shared => $"{shared.Key}: {string.Join(", ", shared)}")
            .ShouldBeEmpty();
    }

    /// <summary>A comment that says "Event ids 1850 to 1859." keeps these ids for its class.</summary>
    [Fact]
    public void Comments_AboutIds_AreTrue()
    {
        var ranges = Directory.EnumerateFiles(Repository.Root, "*Log.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal))
            .Select(File.ReadAllText)
            .Select(text => (
                Range: Range().Match(text),
                Ids: Id().Matches(text).Select(id => int.Parse(id.Groups[1].Value, CultureInfo.InvariantCulture)).ToList()))
            .Where(file => file.Range.Success)
            .Select(file => (First: Number(file.Range, 1), Last: Number(file.Range, 2), file.Ids))
            .OrderBy(range => range.First)
            .ToList();

        ranges.Count.ShouldBeGreaterThan(4);
        ranges.Where(range => range.Ids.Any(id => id < range.First || id > range.Last))
            .ShouldBeEmpty("an id is outside the range that its comment states");
        ranges.Zip(ranges.Skip(1)).Where(pair => pair.First.Last >= pair.Second.First).ShouldBeEmpty("two comments claim the same ids");
    }

    [GeneratedRegex(@"Event ids (\d+) to (\d+)\.")]
    private static partial Regex Range();

    [GeneratedRegex(@"LoggerMessage\((?:EventId = )?(\d+)")]
    private static partial Regex Id();

    private static int Number(Match range, int group) => int.Parse(range.Groups[group].Value, CultureInfo.InvariantCulture);
}
