using System.Globalization;
using System.Text;

namespace Cassini.Harness.Clients;

/// <summary>Makes foreign text harmless for a terminal: nothing in it moves a cursor, changes a title or reverses the writing.</summary>
internal static class TerminalText
{
    public static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '\\' => escaped.Append(@"\\"),
                '\n' => escaped.Append(@"\n"),
                '\r' => escaped.Append(@"\r"),
                '\t' => escaped.Append(@"\t"),
                _ when IsPrintable(rune) => escaped.Append(rune),
                _ => escaped.Append(CultureInfo.InvariantCulture, $@"\u{{{rune.Value:X}}}"),
            };
        }

        return escaped.ToString();
    }

    private static bool IsPrintable(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
}
