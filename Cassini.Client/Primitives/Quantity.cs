using System.Globalization;

namespace Cassini.Streams.Primitives;

/// <summary>A number with its noun, in the form that belongs to it.</summary>
internal static class Quantity
{
    /// <summary><c>1 crash</c>, <c>2 crashes</c>, <c>1,000 crashes</c>.</summary>
    /// <param name="count">How many.</param>
    /// <param name="one">The noun for one.</param>
    /// <param name="many">The noun for any other number; null for <paramref name="one"/> with an s.</param>
    public static string Of(long count, string one, string? many = null) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {(count == 1 ? one : many ?? $"{one}s")}");
}
