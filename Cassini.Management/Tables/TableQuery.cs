namespace Cassini.Management.Tables;

/// <summary>Which rows of a table are asked for, and in what order.</summary>
/// <param name="Search">What a row must contain; null for every row.</param>
/// <param name="Order">The order of the rows.</param>
/// <param name="IsDescending">The other way round.</param>
/// <param name="Offset">How many rows are skipped.</param>
/// <param name="Limit">How many rows are listed at most.</param>
internal sealed record TableQuery<TRow>(string? Search, IComparer<TRow> Order, bool IsDescending, int Offset, int Limit)
{
    /// <summary>The part of the table that is asked for, by a name that the table knows; null for all of it.</summary>
    public string? Part { get; init; }
}
