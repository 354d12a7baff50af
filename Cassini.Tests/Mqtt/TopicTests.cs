using System.Text;
using Cassini.Streams.Mqtt;
using CsCheck;

namespace Cassini.Tests.Mqtt;

public class TopicTests
{
    private static readonly Gen<string> Level = Gen.OneOf("", "a", "b", "$SYS", "ab");

    private static readonly Gen<string> Topic = Level.Array[1, 4].Select(levels => string.Join('/', levels))
        .Where(topic => topic.Length > 0);

    private static readonly Gen<string> Filter =
        Gen.Select(Gen.OneOf(Level, Gen.OneOf("+", "+")).Array[1, 4], Gen.Int[0, 3], (levels, dice) =>
            dice switch { 0 => string.Join('/', levels) + "/#", 1 when levels.Length == 1 => "#", _ => string.Join('/', levels) })
            .Where(filter => filter.Length > 0);

    [Fact]
    public void Matches_AnyFilterAndTopic_IsWhatTheNaiveMatcherSays() =>
        Gen.Select(Filter, Topic).Sample(
            (filter, topic) =>
                TopicFilter.Matches(Encoding.UTF8.GetBytes(filter), Encoding.UTF8.GetBytes(topic)).ShouldBe(NaiveMatch(filter, topic)),
            iter: 50_000);

    [Theory]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1", true)]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1/ranking", true)]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true)]
    [InlineData("sport/#", "sport", true)]
    [InlineData("sport/#", "sports", false)]
    [InlineData("#", "sport", true)]
    [InlineData("#", "/", true)]
    [InlineData("sport/tennis/+", "sport/tennis/player1", true)]
    [InlineData("sport/tennis/+", "sport/tennis/player1/ranking", false)]
    [InlineData("sport/+", "sport", false)]
    [InlineData("sport/+", "sport/", true)]
    [InlineData("+/+", "/finance", true)]
    [InlineData("/+", "/finance", true)]
    [InlineData("+", "/finance", false)]
    [InlineData("#", "$SYS/monitor", false)]
    [InlineData("+/monitor/Clients", "$SYS/monitor/Clients", false)]
    [InlineData("$SYS/#", "$SYS/monitor", true)]
    [InlineData("$SYS/monitor/+", "$SYS/monitor/Clients", true)]
    [InlineData("ACCOUNTS", "Accounts", false)]
    [InlineData("/finance", "finance", false)]
    [InlineData("a/#", "a/$b", true)]
    [InlineData("A\u030A", "\u00C5", false)]
    public void Matches_ExamplesOfTheStandard_AreAsItSays(string filter, string topic, bool matches) =>
        TopicFilter.Matches(Encoding.UTF8.GetBytes(filter), Encoding.UTF8.GetBytes(topic)).ShouldBe(matches);

    [Theory]
    [InlineData("#", true)]
    [InlineData("sport/tennis/#", true)]
    [InlineData("sport/tennis#", false)]
    [InlineData("sport/tennis/#/ranking", false)]
    [InlineData("##", false)]
    [InlineData("#/", false)]
    [InlineData("#/#", false)]
    [InlineData("+", true)]
    [InlineData("+/tennis/#", true)]
    [InlineData("sport+", false)]
    [InlineData("+sport", false)]
    [InlineData("sport/+/player1", true)]
    [InlineData("sport/+x/player1", false)]
    [InlineData("sport/x+/player1", false)]
    [InlineData("++", false)]
    [InlineData("+/+/+", true)]
    [InlineData("+#", false)]
    [InlineData("+/#", true)]
    [InlineData("/", true)]
    [InlineData("//", true)]
    [InlineData("a b", true)]
    [InlineData("", false)]
    [InlineData("a\0b", false)]
    public void Filter_IsValid_AsTheStandardSays(string filter, bool isValid) =>
        TopicFilter.IsValid(Encoding.UTF8.GetBytes(filter)).ShouldBe(isValid);

    [Fact]
    public void Filter_AnyText_IsValidWhenEachLevelIs() =>
        Gen.OneOf("a", "+", "#", "/", "$", "é").Array[0, 7].Select(parts => string.Concat(parts)).Sample(
            filter =>
            {
                var levels = filter.Split('/');
                var expected = filter.Length > 0
                    && levels.All(level => level is "+" or "#" || level.AsSpan().IndexOfAny('+', '#') < 0)
                    && Array.IndexOf(levels, "#") is var hash && (hash < 0 || hash == levels.Length - 1);
                TopicFilter.IsValid(Encoding.UTF8.GetBytes(filter)).ShouldBe(expected);
            },
            iter: 30_000);

    [Theory]
    [InlineData("sport", true)]
    [InlineData("/", true)]
    [InlineData("$SYS/x", true)]
    [InlineData("a b", true)]
    [InlineData("", false)]
    [InlineData("a/+", false)]
    [InlineData("a#", false)]
    [InlineData("a\0", false)]
    public void Name_IsValid_AsTheStandardSays(string topic, bool isValid) =>
        TopicName.IsValid(Encoding.UTF8.GetBytes(topic)).ShouldBe(isValid);

    [Theory]
    [InlineData("a/b", 2)]
    [InlineData("a", 1)]
    [InlineData("/", 2)]
    [InlineData("/a/", 3)]
    public void Name_Levels_AreCountedWithTheEmptyOnes(string topic, int levels) =>
        TopicName.Levels(Encoding.UTF8.GetBytes(topic)).ShouldBe(levels);

    [Theory]
    [InlineData("$share/consumer1//finance", "consumer1", "/finance")]
    [InlineData("$share/g/sport/tennis/+", "g", "sport/tennis/+")]
    [InlineData("$share/g/#", "g", "#")]
    [InlineData("$share/$share/$share/x", "$share", "$share/x")]
    [InlineData("sport/$share/g/a", "", "sport/$share/g/a")]
    [InlineData("$shared/g/a", "", "$shared/g/a")]
    [InlineData("$SHARE/g/a", "", "$SHARE/g/a")]
    [InlineData("a", "", "a")]
    public void SharedFilter_TakenApart_HasNameAndFilter(string filter, string name, string inner)
    {
        TopicFilter.TrySplit(Encoding.UTF8.GetBytes(filter), out var shareName, out var rest).ShouldBeTrue();
        Encoding.UTF8.GetString(shareName).ShouldBe(name);
        Encoding.UTF8.GetString(rest).ShouldBe(inner);
    }

    [Theory]
    [InlineData("$share")]
    [InlineData("$share/")]
    [InlineData("$share//")]
    [InlineData("$share//a")]
    [InlineData("$share/g")]
    [InlineData("$share/g/")]
    [InlineData("$share/+/a")]
    [InlineData("$share/#/a")]
    [InlineData("$share/g+/a")]
    [InlineData("$share/g#/a")]
    public void SharedFilter_WithoutNameOrFilter_IsNone(string filter) =>
        TopicFilter.TrySplit(Encoding.UTF8.GetBytes(filter), out _, out _).ShouldBeFalse();

    /// <summary>§4.7 as it reads, level by level.</summary>
    private static bool NaiveMatch(string filter, string topic)
    {
        if (topic[0] == '$' && (filter[0] == '+' || filter[0] == '#'))
        {
            return false;
        }

        return Levels(filter.Split('/'), topic.Split('/'));

        static bool Levels(ReadOnlySpan<string> filter, ReadOnlySpan<string> topic) =>
            filter is ["#"]
            || (filter.IsEmpty && topic.IsEmpty)
            || (!filter.IsEmpty && !topic.IsEmpty && (filter[0] == "+" || filter[0] == topic[0]) && Levels(filter[1..], topic[1..]));
    }
}
