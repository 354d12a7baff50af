namespace Cassini.Streams.Feed;

/// <summary>Somebody else's words on our terminal: one line, bounded, nothing that a terminal obeys.</summary>
internal static class PlainLine
{
    private const int Longest = 300;

    public static string Of(string text)
    {
        var shown = string.Concat(text.Trim().Take(Longest).Select(c => char.IsControl(c) ? ' ' : c));
        return text.Length <= Longest ? shown : shown + "…";
    }
}
