using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using CsCheck;

namespace Cassini.Tests.Broker;

/// <summary>The topics as a tree, one level at a time.</summary>
public class TopicLevelTests
{
    private static readonly Gen<string[]> Names = OneOf("a", "b", "c", "", "é", "aa").Array[1, 4]
        .Select(levels => string.Join('/', levels)).Where(name => name.Length > 0).Array[0, 60]
        .Select(names => names.Distinct(StringComparer.Ordinal).ToArray());

    [Fact]
    public void Level_First_HasEachNameOnceWithWhatIsBelow() =>
        Show(["home", "home/kitchen", "home/kitchen/lamp", "/x", "work//y"], null).ShouldBe(["'' -1", "home +2", "work -1"]);

    [Theory]
    [InlineData("home", "kitchen +1")]
    [InlineData("home/kitchen", "lamp +0")]
    [InlineData("", "x +0")]
    [InlineData("work", "'' -1")]
    [InlineData("work/", "y +0")]
    [InlineData("hom", null)]
    public void Level_Under_HasTheNextNames(string under, string? child) =>
        Show(["home", "home/kitchen", "home/kitchen/lamp", "/x", "work//y"], under).ShouldBe(child is null ? [] : [child]);

    /// <summary>In pages of any size it is what sorting everything gives.</summary>
    [Fact]
    public void Level_InPages_IsWhatSortingAllWouldGive() => Gen.Select(Names, Gen.Int[1, 4], OneOf(null, "a", "", "b/c"))
        .Sample((names, limit, under) =>
        {
            var prefix = under is null ? "" : under + "/";
            var expected = names.Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
                .Select(name => name[prefix.Length..].Split('/'))
                .GroupBy(levels => levels[0], StringComparer.Ordinal)
                .OrderBy(group => group.Key, StringComparer.Ordinal)
                .Select(group => (group.Key, IsTopic: group.Any(levels => levels.Length == 1), group.Count(levels => levels.Length > 1)))
                .ToList();
            var seen = new List<(string, bool, int)>();
            string? after = null;
            for (var hasMore = true; hasMore; after = seen.LastOrDefault().Item1)
            {
                var level = Of(names, under, after, limit);
                level.Children.Length.ShouldBeLessThanOrEqualTo(limit);
                level.Topics.ShouldBe(expected.Sum(one => (one.IsTopic ? 1 : 0) + one.Item3));
                seen.AddRange(level.Children.Select(child => (child.Name, child.Topic is not null, child.Below)));
                hasMore = level.HasMore;
            }

            seen.ShouldBe(expected);
        });

    private static Gen<string> OneOf(params string?[] texts) => Gen.Int[0, texts.Length - 1].Select(at => texts[at]!);

    private static string[] Show(string[] names, string? under) =>
        [.. Of(names, under, null, 10).Children.Select(child =>
            $"{(child.Name.Length == 0 ? "''" : child.Name)} {(child.Topic is null ? '-' : '+')}{child.Below}")];

    private static TopicLevel Of(string[] names, string? under, string? after, int limit) => TopicLevel.Of(
        names.Select(name => new Topic(System.Text.Encoding.UTF8.GetBytes(name), isListed: true, 0)),
        [new TopicLevelQuery(under, after, limit)],
        topic => new TopicInfo(topic.Name, null, false, TimeSpan.Zero))[0];
}
