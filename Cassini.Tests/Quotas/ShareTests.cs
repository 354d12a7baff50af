using Cassini.Streams.Quotas;

namespace Cassini.Tests.Quotas;

public class ShareTests
{
    [Theory]
    [InlineData("1", 1)]
    [InlineData("250", 250)]
    [InlineData("5000", 1_000)]
    [InlineData("25%", 250)]
    [InlineData("100%", 1_000)]
    [InlineData("1%", 10)]
    public void OfLimit_AThousand_IsWhatTheTextSays(string text, long expected)
    {
        Share.TryParse(text, out var share, out _).ShouldBeTrue();

        share.OfLimit(1_000).ShouldBe(expected);
        share.ToString().ShouldBe(text);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 1)]
    [InlineData(8, 2)]
    [InlineData(long.MaxValue, long.MaxValue / 4)]
    public void OfLimit_AQuarter_IsRoundedDownButNeverNothing(long limit, long expected) =>
        Share.Percent(25).OfLimit(limit).ShouldBe(expected);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("0%")]
    [InlineData("101%")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData(" 1")]
    [InlineData("1.5%")]
    [InlineData("%")]
    [InlineData("1 %")]
    [InlineData("99999999999999999999")]
    public void TryParse_NoShare_SaysWhatOneIs(string? text)
    {
        Share.TryParse(text, out _, out var error).ShouldBeFalse();

        error.ShouldBe($"'{text}' is not a share: a whole number of at least 1, or 1% to 100% of the limit");
    }
}
