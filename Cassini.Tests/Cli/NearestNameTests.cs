using Cassini.Streams.Primitives;

namespace Cassini.Tests.Cli;

public class NearestNameTests
{
    private static readonly string[] Known = ["serve", "wait", "certs"];

    [Theory]
    [InlineData("serv", "serve")]
    [InlineData("srve", "serve")]
    [InlineData("WAIT", "wait")]
    [InlineData("cert", "certs")]
    [InlineData("wiat", "wait")]
    public void Of_Mistyped_FindsWhatWasMeant(string word, string meant) => NearestName.Of(word, Known).ShouldBe(meant);

    [Theory]
    [InlineData("replicate")]
    [InlineData("w")]
    [InlineData("")]
    public void Of_NothingLikeIt_FindsNothing(string word) => NearestName.Of(word, Known).ShouldBeNull();

    [Fact]
    public void Of_TwoLettersSwapped_IsNearerThanTwoOtherLetters() => NearestName.Of("--qso", ["--json", "--qos"]).ShouldBe("--qos");

    [Fact]
    public void Of_NothingKnown_FindsNothing() => NearestName.Of("serve", []).ShouldBeNull();
}
