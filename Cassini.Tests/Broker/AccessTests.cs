using System.Collections.Immutable;
using System.Text;
using Cassini.Streams.Broker.Access;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Primitives;

namespace Cassini.Tests.Broker;

public class AccessTests
{
    [Theory]
    [InlineData("allow publish * #")]
    [InlineData("deny subscribe sensor-* sensors/%i/#")]
    [InlineData("allow all alice a/+/b")]
    [InlineData("deny all \"Bad Client\" secret/data")]
    [InlineData("allow publish \"Smith, John\" \"my topic/#\"")]
    [InlineData("deny all \"a \\\"quoted\\\" \\\\ name\" #")]
    [InlineData("deny all O'Brien\\u{1B} #")]
    public void Rule_AsItIsWritten_IsReadAndShownTheSame(string text)
    {
        AccessRule.TryParse(text, out var rule, out _).ShouldBeTrue();
        rule.ToString().ShouldBe(text);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("allow")]
    [InlineData("allow publish *")]
    [InlineData("permit publish * #")]
    [InlineData("allow read * #")]
    [InlineData("allow 1 * #")]
    [InlineData("allow publish,subscribe * #")]
    [InlineData("allow publish * a/#/b")]
    [InlineData("allow publish * a+")]
    [InlineData("allow subscribe * $share/g/a")]
    [InlineData("deny all Bad Client secret/data")]
    [InlineData("deny all * secret data")]
    [InlineData("deny all \"Bad Client secret/data")]
    [InlineData("deny all \"Bad Client\"secret/data")]
    [InlineData("deny all Bad\" Client\" secret/data")]
    [InlineData("deny all \"a\\b\" #")]
    [InlineData("deny all \"\" #")]
    [InlineData("deny all * secret/%u/#")]
    public void Rule_ThatIsNone_SaysWhatIsWrong(string? text)
    {
        AccessRule.TryParse(text, out var rule, out var error).ShouldBeFalse();
        rule.ShouldBeNull();
        error.ShouldContain($"'{text}'");
    }

    [Fact]
    public void Rule_WithAQuotedIdentity_AppliesToThatName()
    {
        AccessRule.TryParse("deny all  \"Bad  Client\"\tsecret/#", out var rule, out _).ShouldBeTrue();
        rule.Identity.ShouldBe("Bad  Client");
        rule.Filter.ShouldBe("secret/#");
        new ClientAccess([rule, .. AccessRule.Defaults], "Bad  Client", "c").MayPublish("secret/data"u8).ShouldBeFalse();
        new ClientAccess([rule, .. AccessRule.Defaults], "Good Client", "c").MayPublish("secret/data"u8).ShouldBeTrue();
    }

    [Theory]
    [InlineData("a", true, true)]
    [InlineData("a/b", true, true)]
    [InlineData("$SYS/x", false, true)]
    [InlineData("$other", false, false)]
    [InlineData("$canary/x", false, false)]
    public void DefaultRules_GiveEverythingWithoutADollarAndSys(string topic, bool publish, bool subscribe)
    {
        var access = Access(AccessRule.Defaults);
        access.MayPublish(Bytes(topic)).ShouldBe(publish);
        access.MaySubscribe(Bytes(topic)).ShouldBe(subscribe);
    }

    [Theory]
    [InlineData("#", true)]
    [InlineData("+/#", true)]
    [InlineData("$SYS/#", true)]
    [InlineData("$SYS/+/x", true)]
    [InlineData("$canary/#", false)]
    [InlineData("$+/x", false)]
    public void DefaultRules_JudgeWildcards(string filter, bool subscribe) =>
        Access(AccessRule.Defaults).MaySubscribe(Bytes(filter)).ShouldBe(subscribe);

    [Fact]
    public void NoRules_DenyEverything()
    {
        var access = Access(ImmutableArray<AccessRule>.Empty);
        access.MayPublish("a"u8).ShouldBeFalse();
        access.MaySubscribe("a"u8).ShouldBeFalse();
    }

    [Fact]
    public void FirstRuleThatFits_Decides()
    {
        var access = Access("deny publish * a/secret", "allow publish * a/#", "deny publish * #", "allow all * #");
        access.MayPublish("a/secret"u8).ShouldBeFalse();
        access.MayPublish("a/open"u8).ShouldBeTrue();
        access.MayPublish("b"u8).ShouldBeFalse();
        access.MaySubscribe("a/secret"u8).ShouldBeTrue("the first three are not about subscribing");
    }

    [Theory]
    [InlineData("#", false)]
    [InlineData("a/+", false)]
    [InlineData("a/secret", false)]
    [InlineData("a/secret/x", false)]
    [InlineData("a/#", false)]
    [InlineData("a/open", true)]
    [InlineData("b/#", true)]
    public void DenyingRule_StrikesWhereverItTouches(string filter, bool allowed) =>
        Access("deny subscribe * a/secret/#", "allow all * #").MaySubscribe(Bytes(filter)).ShouldBe(allowed);

    [Theory]
    [InlineData("a/b", true)]
    [InlineData("a/+", true)]
    [InlineData("a/#", false)]
    [InlineData("a/b/c", false)]
    [InlineData("+/b", false)]
    public void AllowingRule_MustCoverAllThatIsWanted(string filter, bool allowed) =>
        Access("allow subscribe * a/+").MaySubscribe(Bytes(filter)).ShouldBe(allowed);

    [Fact]
    public void Placeholders_StandForIdentityAndClientId()
    {
        var access = Access("allow all * i/%i/c/%c/#");
        access.MayPublish("i/alice/c/client/x"u8).ShouldBeTrue();
        access.MaySubscribe("i/alice/c/client/#"u8).ShouldBeTrue();
        access.MaySubscribe("i/+/c/client/#"u8).ShouldBeFalse();
        access.MayPublish("i/bob/c/client/x"u8).ShouldBeFalse();
    }

    [Theory]
    [InlineData("+", "c")]
    [InlineData("#", "c")]
    [InlineData("a/b", "c")]
    [InlineData("", "c")]
    [InlineData("a", "+")]
    [InlineData("a", "x/#")]
    public void NamesThatCouldWidenAFilter_MeetNoRuleWithAPlaceholder(string identity, string clientId)
    {
        AccessRule.TryParse("allow all * t/%i/%c/#", out var rule, out _).ShouldBeTrue();
        var access = new ClientAccess([rule], identity, clientId);
        foreach (var topic in new[] { "t/a/c", "t/+/c", "t/a/b/c", "t//c", "t/a/x/y" })
        {
            access.MayPublish(Bytes(topic)).ShouldBeFalse();
            access.MaySubscribe(Bytes(topic)).ShouldBeFalse();
        }
    }

    [Fact]
    public void PlaceholderWithinAName_StaysWhatItIs()
    {
        AccessRule.TryParse("allow all * t/%i/%c", out var rule, out _).ShouldBeTrue();
        var access = new ClientAccess([rule], "%c", "me");
        access.MayPublish("t/%c/me"u8).ShouldBeTrue();
        access.MayPublish("t/me/me"u8).ShouldBeFalse();
    }

    // A denial that names the client itself must hold for a client whose name is odd as well.
    [Theory]
    [InlineData("alice")]
    [InlineData("a/b")]
    [InlineData("+")]
    public void DenyingRule_WithAPlaceholder_IsNotEscapedByAnOddName(string identity)
    {
        AccessRule.TryParse("deny all * private/%i/#", out var deny, out _).ShouldBeTrue();
        AccessRule.TryParse("allow all * #", out var allow, out _).ShouldBeTrue();
        var access = new ClientAccess([deny, allow], identity, "c");
        access.MayPublish(Bytes($"private/{(identity == "+" ? "x" : identity)}/x")).ShouldBeFalse();
    }

    [Theory]
    [InlineData("*", "", true)]
    [InlineData("*", "anyone", true)]
    [InlineData("alice", "alice", true)]
    [InlineData("alice", "Alice", false)]
    [InlineData("a*e", "alice", true)]
    [InlineData("a*e", "ae", true)]
    [InlineData("a*e", "a", false)]
    [InlineData("aa*aa", "aaa", false)]
    [InlineData("*b*", "abc", true)]
    [InlineData("a*b*c", "axbyc", true)]
    [InlineData("a*b*c", "acb", false)]
    public void Identity_WithStars_MatchesAnyCharacters(string pattern, string name, bool matches) =>
        IdentityPattern.Matches(pattern, name).ShouldBe(matches);

    private static ClientAccess Access(params string[] rules) => Access([.. rules.Select(text =>
    {
        AccessRule.TryParse(text, out var rule, out var error).ShouldBeTrue(error);
        return rule!;
    })]);

    private static ClientAccess Access(ImmutableArray<AccessRule> rules) => new(rules, "alice", "client");

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
