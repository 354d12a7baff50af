using System.Text;
using Cassini.Streams.Broker.Routing;
using CsCheck;

namespace Cassini.Tests.Broker;

public class FilterSetsTests
{
    [Fact]
    public void Covers_OfAnyTwoFilters_IsThatEveryTopicOfTheOneIsOfTheOther() =>
        Gen.Select(Gens.Filter, Gens.Filter).Sample(
            (outer, inner) => FilterSets.Covers(Bytes(outer), Bytes(inner))
                == Gens.AllTopics.Where(topic => NaiveFilter.Matches(inner, topic)).All(topic => NaiveFilter.Matches(outer, topic)),
            iter: 3000);

    [Fact]
    public void Intersect_OfAnyTwoFilters_IsThatSomeTopicIsOfBoth() =>
        Gen.Select(Gens.Filter, Gens.Filter).Sample(
            (left, right) => FilterSets.Intersect(Bytes(left), Bytes(right))
                == Gens.AllTopics.Any(topic => NaiveFilter.Matches(left, topic) && NaiveFilter.Matches(right, topic)),
            iter: 3000);

    [Theory]
    [InlineData("#", "a/+/b", true)]
    [InlineData("#", "$SYS/#", false)]
    [InlineData("+/#", "#", true)]
    [InlineData("/+/#", "/#", true)]
    [InlineData("a/#", "a", true)]
    [InlineData("a/#", "a/#", true)]
    [InlineData("a/+", "a/#", false)]
    [InlineData("a/+/#", "a/#", false)]
    [InlineData("+/b", "$SYS/b", false)]
    [InlineData("a/b", "a/+", false)]
    public void Covers_KnownCases(string outer, string inner, bool covers) =>
        FilterSets.Covers(Bytes(outer), Bytes(inner)).ShouldBe(covers);

    private static byte[] Bytes(string filter) => Encoding.UTF8.GetBytes(filter);
}
