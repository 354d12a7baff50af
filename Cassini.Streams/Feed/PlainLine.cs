using System.Globalization;
using System.Text;

namespace Cassini.Streams.Feed;

/// <summary>Somebody else's words on our terminal: one line, bounded, nothing that a terminal obeys or that turns the text around.</summary>
public static class PlainLine
{
    private const int Longest = 300;

    /// <summary>At most 300 characters; every character that is not to be shown is a space.</summary>
    public static string Of(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var shown = new StringBuilder();
        foreach (var rune in text.Trim().EnumerateRunes())
        {
            if (shown.Length >= Longest)
            {
                return shown.Append('…').ToString();
            }

            var isShown = Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse);
            shown.Append(isShown ? rune.ToString() : " ");
        }

        return shown.ToString();
    }
}
