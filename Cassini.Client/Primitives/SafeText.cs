using System.Globalization;
using System.Text;

namespace Cassini.Streams.Primitives;

/// <summary>
/// Makes foreign text safe to print: in a log line, on a terminal, in an answer or a report. The text stays on its line, moves no
/// cursor, and does not change the direction of the text around it.
/// </summary>
internal static class SafeText
{
    /// <summary>The usual bound, in characters, of a text that goes into a message.</summary>
    public const int Short = 200;

    /// <summary>
    /// The text with every character escaped that is not plainly visible: <c>\n</c>, <c>\r</c>, <c>\t</c>, <c>\\</c>, otherwise
    /// <c>\u{202E}</c>. These are control, format and bidirectional characters, separators of lines,
    /// private and unassigned characters. A surrogate without a partner becomes U+FFFD.
    /// </summary>
    /// <param name="text">Any text; null is empty.</param>
    /// <param name="longest">
    /// The length of the result in characters, at least 1; a longer one is cut between two characters and ends with an ellipsis.
    /// Default: unbounded.
    /// </param>
    public static string Of(string? text, int longest = int.MaxValue) => Escape(text, longest, @"\\");

    /// <summary>
    /// Makes a part of a message safe, when the whole message may be escaped again: like <see cref="Of"/>, but a backslash is not escaped,
    /// and white space at the ends is removed. At most 300 characters.
    /// </summary>
    /// <param name="text">Any text; null is empty.</param>
    public static string Line(string? text) => Escape(text?.Trim(), 300, @"\");

    /// <summary>Like <see cref="Line"/>, but unbounded, and with the white space at its ends.</summary>
    /// <param name="text">Any text.</param>
    public static string Visible(string text) => Escape(text, int.MaxValue, @"\");

    /// <summary><see cref="Of"/> between apostrophes.</summary>
    /// <param name="text">Any text; null is empty.</param>
    /// <param name="longest">As of <see cref="Of"/>, without the apostrophes.</param>
    public static string Quote(string? text, int longest = Short) => $"'{Of(text, longest)}'";

    /// <summary>The text itself, not escaped: for data of an event, which its readers make safe. Cut as in <see cref="Of"/>.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="longest">The length of the result in characters, at least 2.</param>
    public static string Cut(string text, int longest)
    {
        if (text.Length <= longest)
        {
            return text;
        }

        // A cut must not separate the two halves of a surrogate pair.
        var length = char.IsHighSurrogate(text[longest - 2]) ? longest - 2 : longest - 1;
        return $"{text.AsSpan(0, length)}…";
    }

    /// <summary>Whether the character is plainly visible, or a space.</summary>
    public static bool IsVisible(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);

    private static string Escape(string? text, int longest, string backslash)
    {
        if (text is null)
        {
            return "";
        }

        // The last length at which the text can be cut so that the ellipsis still fits.
        var cut = 0;
        var escaped = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            cut = escaped.Length < longest ? escaped.Length : cut;
            Append(escaped, rune, backslash);
            if (escaped.Length > longest)
            {
                escaped.Length = cut;
                return escaped.Append('…').ToString();
            }
        }

        return escaped.ToString();
    }

    private static void Append(StringBuilder escaped, Rune rune, string backslash) => _ = rune.Value switch
    {
        '\\' => escaped.Append(backslash),
        '\n' => escaped.Append(@"\n"),
        '\r' => escaped.Append(@"\r"),
        '\t' => escaped.Append(@"\t"),
        _ when IsVisible(rune) => escaped.Append(rune),
        _ => escaped.Append(CultureInfo.InvariantCulture, $@"\u{{{rune.Value:X}}}"),
    };
}
