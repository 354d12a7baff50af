using Cassini.Streams.Primitives;

namespace Cassini.Tests.Primitives;

public class DurationTextTests
{
    [Theory]
    [InlineData(0, "0 ms")]
    [InlineData(0.84, "0.8 ms")]
    [InlineData(9.94, "9.9 ms")]
    [InlineData(9.96, "10 ms")]
    [InlineData(742.635, "743 ms")]
    [InlineData(999.6, "1 s")]
    [InlineData(6_486, "6.5 s")]
    [InlineData(59_949, "59.9 s")]
    [InlineData(59_960, "1 min")]
    [InlineData(65_000, "1 min 5 s")]
    [InlineData(3_599_600, "1 h")]
    [InlineData(12_000_000, "3 h 20 min")]
    [InlineData(86_390_000, "1 d")]
    [InlineData(187_200_000, "2 d 4 h")]
    [InlineData(-65_000, "-1 min 5 s")]
    public void About_ADuration_IsWhatPeopleSay(double milliseconds, string expected) =>
        DurationText.About(TimeSpan.FromMilliseconds(milliseconds)).ShouldBe(expected);

    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("5s", 5_000)]
    [InlineData("1.5s", 1_500)]
    [InlineData("5 s", 5_000)]
    [InlineData("2m", 120_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("14d", 1_209_600_000)]
    [InlineData("0", 0)]
    [InlineData("0s", 0)]
    [InlineData("00:00:05", 5_000)]
    [InlineData("1.00:00:00", 86_400_000)]
    [InlineData("00:00:00.250", 250)]
    public void TryParse_AsPeopleWriteIt_IsRead(string text, double milliseconds)
    {
        DurationText.TryParse(text, out var duration).ShouldBeTrue();
        duration.TotalMilliseconds.ShouldBe(milliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")] // TimeSpan.Parse would make five days of it.
    [InlineData("s")]
    [InlineData("-5s")]
    [InlineData("5S")]
    [InlineData("5sec")]
    [InlineData("1e3s")]
    [InlineData("1,5s")]
    [InlineData("25:00:00")]
    [InlineData("-00:00:05")]
    [InlineData("01:30")] // Hours or minutes?
    [InlineData("99999999999999999999s")]
    [InlineData("999999999999d")]
    [InlineData("٣s")]
    public void TryParse_AnythingElse_IsRefused(string text) => DurationText.TryParse(text, out _).ShouldBeFalse();

    [Theory]
    [InlineData("0", "0")]
    [InlineData("00:00:00.2500000", "250ms")]
    [InlineData("00:00:00.0000001", "0.0001ms")]
    [InlineData("00:01:30", "90s")]
    [InlineData("2.00:00:00", "2d")]
    [InlineData("1.12:00:00", "36h")]
    [InlineData("00:10:00", "10m")]
    public void Format_OfADuration_IsExactAndReadAgain(string text, string expected)
    {
        DurationText.TryParse(text, out var duration).ShouldBeTrue();

        DurationText.Format(duration).ShouldBe(expected);
        DurationText.TryParse(expected, out var again).ShouldBeTrue();
        again.ShouldBe(duration);
    }
}
