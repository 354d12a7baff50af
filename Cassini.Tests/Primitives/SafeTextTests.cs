using System.Text;
using Cassini.Streams.Primitives;
using CsCheck;

namespace Cassini.Tests.Primitives;

public class SafeTextTests
{
    [Theory]
    [InlineData(null, "")]
    [InlineData("", "")]
    [InlineData("Grüße 東京 😀", "Grüße 東京 😀")]
    [InlineData("one\ntwo\r\tthree", @"one\ntwo\r\tthree")]
    [InlineData(@"C:\new", @"C:\\new")]
    [InlineData("\u001b[31mred", @"\u{1B}[31mred")]
    [InlineData("a\u202Eb\u2066c", @"a\u{202E}b\u{2066}c")]
    [InlineData("a\u2028b\u200Bc", @"a\u{2028}b\u{200B}c")]
    [InlineData("\u0085\uE000", @"\u{85}\u{E000}")]
    public void Text_AnyCharacter_IsVisibleOrEscaped(string? text, string expected) => SafeText.Of(text).ShouldBe(expected);

    [Fact]
    public void Text_HalfOfAPair_IsReplaced() => SafeText.Of("a\ud83d").ShouldBe("a\ufffd");

    [Theory]
    [InlineData("abcde", 5, "abcde")]
    [InlineData("abcdef", 5, "abcd…")]
    [InlineData("abc😀def", 5, "abc…")]
    [InlineData("abc\u001bdef", 8, "abc…")]
    [InlineData("abc\u001bdef", 11, @"abc\u{1B}d…")]
    [InlineData("\u001b", 1, "…")]
    public void Text_LongerThanAllowed_IsCutBetweenCharacters(string text, int longest, string expected) =>
        SafeText.Of(text, longest).ShouldBe(expected);

    [Fact]
    public void Text_AnyInput_IsBoundedVisibleAndWellFormed() => Gen.Select(Gen.String, Gen.Int[1, 40]).Sample(given =>
    {
        var safe = SafeText.Of(given.Item1, given.Item2);
        return safe.Length <= given.Item2 && safe.EnumerateRunes().All(SafeText.IsVisible)
            && Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(safe)) == safe;
    });

    [Fact]
    public void Text_Escaped_KeepsDifferentTextsApart() => Gen.Select(Gen.String, Gen.String).Sample(given =>
        !IsWellFormed(given.Item1) || !IsWellFormed(given.Item2)
            || (SafeText.Of(given.Item1) == SafeText.Of(given.Item2)) == (given.Item1 == given.Item2));

    [Fact]
    public void Line_OfAnyText_MayPassAgain() => Gen.String.Sample(text => SafeText.Line(SafeText.Line(text)) == SafeText.Line(text));

    [Theory]
    [InlineData(" a\nb\u001b\n", @"a\nb\u{1B}")]
    [InlineData(@"C:\new", @"C:\new")]
    public void Line_OfAnAnswer_IsOneLineWithoutWhiteSpaceAtItsEnds(string text, string expected) => SafeText.Line(text).ShouldBe(expected);

    [Fact]
    public void Quote_Text_IsBetweenApostrophes() => SafeText.Quote("a\nb").ShouldBe(@"'a\nb'");

    private static bool IsWellFormed(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) == text;
}
