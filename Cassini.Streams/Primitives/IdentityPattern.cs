namespace Cassini.Streams.Primitives;

/// <summary>A pattern for names, in which <c>*</c> matches any characters. Case-sensitive.</summary>
internal static class IdentityPattern
{
    public static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name)
    {
        var star = pattern.IndexOf('*');
        if (star < 0)
        {
            return pattern.SequenceEqual(name);
        }

        if (!name.StartsWith(pattern[..star]))
        {
            return false;
        }

        name = name[star..];
        pattern = pattern[(star + 1)..];

        // Each further piece is matched at its first occurrence, the last one at the end of the name.
        while ((star = pattern.IndexOf('*')) >= 0)
        {
            var at = name.IndexOf(pattern[..star]);
            if (at < 0)
            {
                return false;
            }

            name = name[(at + star)..];
            pattern = pattern[(star + 1)..];
        }

        return name.EndsWith(pattern);
    }
}
