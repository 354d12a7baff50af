namespace Cassini.Streams.Broker.Model;

/// <summary>What a client sent, short enough to be told: an event or a reason string must not grow with what somebody dreams up.</summary>
internal static class Excerpt
{
    private const int Longest = 200;

    public static string Of(string text)
    {
        if (text.Length <= Longest)
        {
            return text;
        }

        // Not between the two halves of one character.
        var length = char.IsHighSurrogate(text[Longest - 1]) ? Longest - 1 : Longest;
        return $"{text.AsSpan(0, length)}…";
    }
}
