using System.Globalization;

namespace Cassini.Management.Tables;

/// <summary>Some rows of a table.</summary>
/// <param name="Rows">The rows that are asked for.</param>
/// <param name="Matching">How many match, listed or not.</param>
/// <param name="Age">How long ago all rows were taken.</param>
internal readonly record struct RowPage<TRow>(IReadOnlyList<TRow> Rows, int Matching, TimeSpan Age)
{
    /// <summary>Says the age in a header, in seconds: what happened since is not in the rows.</summary>
    public void SayAge(HttpContext context) =>
        context.Response.Headers["X-Rows-Age"] = Age.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
}
