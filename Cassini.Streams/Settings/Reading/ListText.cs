using System.Text;

namespace Cassini.Streams.Settings.Reading;

/// <summary>
/// A list that is written as one value: elements with commas between. A comma in double quotes separates nothing. An element that is
/// quoted as a whole is without its quotes, where a backslash stands before a quote or backslash that belongs to it.
/// </summary>
internal static class ListText
{
    public static IEnumerable<string> Split(string text)
    {
        var start = 0;
        var isQuoted = false;
        for (var at = 0; at < text.Length; at++)
        {
            if (isQuoted && text[at] == '\\')
            {
                at++;
            }
            else if (text[at] == '"')
            {
                isQuoted = !isQuoted;
            }
            else if (text[at] == ',' && !isQuoted)
            {
                yield return text[start..at];
                start = at + 1;
            }
        }

        yield return text[start..];
    }

    /// <summary>The element without the quotes around it.</summary>
    public static string Unquoted(string element)
    {
        var inner = new StringBuilder();
        if (element is not ['"', .., '"'])
        {
            return element;
        }

        for (var at = 1; at < element.Length - 1; at++)
        {
            if (element[at] == '"')
            {
                return element; // Not quoted as a whole: "a" and "b".
            }

            inner.Append(element[at] == '\\' && at + 1 < element.Length - 1 ? element[++at] : element[at]);
        }

        return inner.ToString();
    }
}
