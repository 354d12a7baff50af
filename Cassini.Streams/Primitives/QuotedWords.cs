using System.Text;

namespace Cassini.Streams.Primitives;

/// <summary>
/// The words of a line of settings: separated by spaces, or in double quotes, with a backslash before a quote or backslash within them.
/// </summary>
internal static class QuotedWords
{
    /// <summary>Reads the words.</summary>
    /// <returns>What can not be read, or in more than one way; null when <paramref name="words"/> are the words.</returns>
    public static string? TryRead(string text, out List<string> words)
    {
        words = [];
        for (var at = 0; ;)
        {
            while (at < text.Length && char.IsWhiteSpace(text[at]))
            {
                at++;
            }

            if (at == text.Length)
            {
                return null;
            }

            var problem = text[at] == '"' ? ReadQuoted(text, ref at, words) : ReadPlain(text, ref at, words);
            if (problem is not null)
            {
                return problem;
            }
        }
    }

    /// <summary>The word as <see cref="TryRead"/> reads it.</summary>
    public static string Write(string word) => word.Length > 0 && !word.Any(c => c == '"' || char.IsWhiteSpace(c))
        ? word
        : $"\"{word.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private static string? ReadPlain(string text, ref int at, List<string> words)
    {
        var start = at;
        while (at < text.Length && !char.IsWhiteSpace(text[at]))
        {
            if (text[at++] == '"')
            {
                return "a quote within a word; put the whole word in quotes, and a backslash before this one";
            }
        }

        words.Add(text[start..at]);
        return null;
    }

    private static string? ReadQuoted(string text, ref int at, List<string> words)
    {
        var word = new StringBuilder();
        for (at++; at < text.Length && text[at] != '"'; at++)
        {
            if (text[at] == '\\' && (++at == text.Length || text[at] is not ('"' or '\\')))
            {
                return "a backslash in quotes that has neither a quote nor a backslash after it; write two of them";
            }

            word.Append(text[at]);
        }

        if (at == text.Length)
        {
            return "a quote is not closed";
        }

        if (++at < text.Length && !char.IsWhiteSpace(text[at]))
        {
            return "a quoted word goes on behind its closing quote";
        }

        words.Add(word.ToString());
        return null;
    }
}
