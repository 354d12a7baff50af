namespace Cassini.Management.Tables;

/// <summary>All rows of a table at one instant, and what was made of them for those who asked. For one caller at a time.</summary>
/// <param name="table">How they are searched and sorted.</param>
/// <param name="rows">The rows.</param>
/// <param name="takenAt">When that began: a timestamp.</param>
/// <param name="shownUntil">Until when they are shown: a timestamp.</param>
internal sealed class RowListing<TRow>(RowTable<TRow> table, IReadOnlyList<TRow> rows, long takenAt, long shownUntil)
{
    /// <summary>So many searches and orders are remembered of either kind.</summary>
    private const int MostRemembered = 16;

    private readonly Dictionary<TableQuery<TRow>, IReadOnlyList<TRow>> _sorted = [];
    private readonly Dictionary<TableQuery<TRow>, (IReadOnlyList<TRow> Rows, int Matching)> _first = [];

    public long TakenAt => takenAt;

    public long ShownUntil => shownUntil;

    /// <summary>The rows that are asked for, and how many match.</summary>
    public (IReadOnlyList<TRow> Rows, int Matching) Select(TableQuery<TRow> query)
    {
        var whole = query with { Offset = 0, Limit = int.MaxValue };
        if (_sorted.TryGetValue(whole, out var sorted))
        {
            return (Slice(sorted, query), sorted.Count);
        }

        if (query.Offset == 0)
        {
            // The first rows are found without sorting all, and most who look at a table look at these.
            return Remember(_first, query, () => (table.Select(rows, query, out var matching), matching));
        }

        // Who asks for later rows mostly asks for all of them, page by page.
        sorted = Remember(_sorted, whole, () => table.Select(rows, whole, out _));
        return (Slice(sorted, query), sorted.Count);
    }

    private static TRow[] Slice(IReadOnlyList<TRow> sorted, TableQuery<TRow> query) => [.. sorted.Skip(query.Offset).Take(query.Limit)];

    private static TMade Remember<TMade>(Dictionary<TableQuery<TRow>, TMade> remembered, TableQuery<TRow> query, Func<TMade> make)
    {
        if (!remembered.TryGetValue(query, out var made))
        {
            made = make();
            if (remembered.Count == MostRemembered)
            {
                remembered.Clear();
            }

            remembered[query] = made;
        }

        return made;
    }
}
