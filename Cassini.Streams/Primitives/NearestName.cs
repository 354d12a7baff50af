
namespace Cassini.Streams.Primitives;

/// <summary>The known name that an unknown one was probably meant to be.</summary>
internal static class NearestName
{
    /// <summary>Whoever mistypes a name types no more. The work grows with the length.</summary>
    private const int LongestName = 100;

    public static string? Of(string unknown, IEnumerable<string> known)
    {
        if (unknown.Length > LongestName)
        {
            return null;
        }

        var nearest = known
            .Select(name => (Name: name, Distance: Distance(unknown.ToLowerInvariant(), name.ToLowerInvariant())))
            .OrderBy(candidate => candidate.Distance)
            .ThenBy(candidate => candidate.Name, StringComparer.Ordinal)
            .FirstOrDefault();
        var letters = unknown.Trim('-').Length;
        return nearest.Name is not null && nearest.Distance <= Math.Min(Math.Max(2, unknown.Length / 4), (letters + 1) / 2)
            ? nearest.Name
            : null;
    }

    /// <summary>
    /// How many letters must be inserted, removed, replaced or swapped with the next one (optimal string alignment distance).
    /// </summary>
    private static int Distance(string from, string to)
    {
        var (rowBefore, row, next) = (new int[to.Length + 1], Enumerable.Range(0, to.Length + 1).ToArray(), new int[to.Length + 1]);
        for (var i = 1; i <= from.Length; i++)
        {
            next[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var replaced = row[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                next[j] = Math.Min(replaced, Math.Min(row[j], next[j - 1]) + 1);
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                {
                    next[j] = Math.Min(next[j], rowBefore[j - 2] + 1);
                }
            }

            (rowBefore, row, next) = (row, next, rowBefore);
        }

        return row[^1];
    }
}
