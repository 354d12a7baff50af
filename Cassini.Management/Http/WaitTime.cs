using System.Diagnostics.CodeAnalysis;
using Cassini.Streams.Primitives;

namespace Cassini.Management.Http;

/// <summary>The value of <c>?wait=</c>: digits and a unit.</summary>
internal static class WaitTime
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    /// <summary>The limit, in words: <c>at most 10m</c>.</summary>
    public static string AtMost { get; } = $"at most {DurationText.Format(Longest)}";

    /// <summary>Reads <c>500ms</c>, <c>30s</c>, <c>10m</c>; nothing else.</summary>
    public static bool TryParse(string? text, out TimeSpan wait, [NotNullWhen(false)] out string? error)
    {
        wait = default;
        var unit = UnitOf(text);
        var digits = text.AsSpan(0, Math.Max(0, (text?.Length ?? 0) - unit.Suffix.Length));
        if (unit.Suffix.Length == 0 || digits.IsEmpty || digits.ContainsAnyExceptInRange('0', '9'))
        {
            error = $"wait={Answer.Quote(text)} is not a time to wait: "
                + $"give a whole number and ms, s or m, for example wait=30s ({AtMost})";
            return false;
        }

        var significant = digits.TrimStart('0');
        var most = Longest.Ticks / unit.Length.Ticks;
        if (significant.Length > 6 || (!significant.IsEmpty && int.Parse(significant) > most))
        {
            error = $"wait={Answer.Quote(text)} is too long: {AtMost}";
            return false;
        }

        wait = significant.IsEmpty ? TimeSpan.Zero : unit.Length * int.Parse(significant);
        error = null;
        return true;
    }

    private static (string Suffix, TimeSpan Length) UnitOf(string? text) =>
        text is null ? ("", default)
        : text.EndsWith("ms", StringComparison.Ordinal) ? ("ms", TimeSpan.FromMilliseconds(1))
        : text.EndsWith('s') ? ("s", TimeSpan.FromSeconds(1))
        : text.EndsWith('m') ? ("m", TimeSpan.FromMinutes(1))
        : ("", default);
}
