using Cassini.Streams.Events;
using Cassini.Streams.Quotas;

namespace Cassini.Tests.Quotas;

public class IdentityQuotaTests
{
    [Fact]
    public void TryParse_SomeResourcesAndAll_AllIsForTheOthers()
    {
        var quota = Parse("gateway-* sessions=50% all=1000");

        quota.Identity.ShouldBe("gateway-*");
        quota.Of(CapacityResource.Sessions).ShouldBe(Share.Percent(50));
        quota.Of(CapacityResource.Connections).ShouldBe(Share.Of(1_000));
    }

    [Fact]
    public void TryParse_SharedSubscriptions_AreNamedAsElsewhere() =>
        Parse("a sharedSubscriptions=50%").Of(CapacityResource.SharedSubscriptions).ShouldBe(Share.Percent(50));

    [Fact]
    public void TryParse_OneResource_SaysNothingAboutOthers() =>
        Parse("\"Meter 7\" sessions=100%").ShouldSatisfyAllConditions(
            quota => quota.Identity.ShouldBe("Meter 7"),
            quota => quota.Of(CapacityResource.Connections).ShouldBeNull());

    [Theory]
    [InlineData("", "it is no quota: IDENTITY RESOURCE=SHARE …, for example gateway-* sessions=50% connections=100%")]
    [InlineData("gateway", "it is no quota: IDENTITY RESOURCE=SHARE …, for example gateway-* sessions=50% connections=100%")]
    [InlineData("Meter 7 sessions=1", "'7' is not RESOURCE=SHARE")]
    [InlineData("a b=1", "'b' is none of connections, sessions, memory, retained, sharedSubscriptions, topics, disk, all")]
    [InlineData("a sessions=0", "'0' is not a share: a whole number of at least 1, or 1% to 100% of the limit")]
    [InlineData("a sessions=1 sessions=2", "'sessions' is given twice")]
    [InlineData("\"a all=1", "a quote is not closed")]
    public void TryParse_NoQuota_SaysWhatIsWrong(string text, string problem)
    {
        IdentityQuota.TryParse(text, out _, out var error).ShouldBeFalse();

        error.ShouldBe($"'{text}': {problem}");
    }

    private static IdentityQuota Parse(string text)
    {
        IdentityQuota.TryParse(text, out var quota, out var error).ShouldBeTrue(error);
        return quota!;
    }
}
