using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Cassini.Management.Http;
using Microsoft.OpenApi;

namespace Cassini.Management.Tables;

/// <summary>How the rows of a table are searched, sorted and paged by the parameters search, sort, offset and limit.</summary>
/// <param name="columns">What they can be sorted by: a row's own names. The first one is the default.</param>
/// <param name="matches">Whether a row has what is searched.</param>
/// <param name="limit">How many are listed by default; null for all.</param>
/// <param name="isIn">Whether a row is in a part of the table, by its name; null where it has no parts.</param>
internal sealed class RowTable<TRow>(
    (string Name, IComparer<TRow> Order)[] columns, Func<TRow, string, bool> matches, int? limit, Func<TRow, string, bool>? isIn = null)
{
    /// <summary>How many rows can be asked for at most.</summary>
    private const int LargestLimit = 1_000;

    private const int LargestOffset = 10_000_000;

    private string Names => string.Join(", ", columns.Select(column => column.Name));

    /// <summary>An order by numbers or times; rows without one come first.</summary>
    public static IComparer<TRow> By<TKey>(Func<TRow, TKey> key) =>
        Comparer<TRow>.Create((left, right) => Comparer<TKey>.Default.Compare(key(left), key(right)));

    /// <summary>An order by text, whatever its case; rows without one come first.</summary>
    public static IComparer<TRow> ByText(Func<TRow, string?> key) =>
        Comparer<TRow>.Create((left, right) => StringComparer.OrdinalIgnoreCase.Compare(key(left), key(right)));

    /// <summary>Whether one of a row's texts contains what is searched, whatever its case.</summary>
    public static bool AnyHas(string search, params ReadOnlySpan<string?> texts)
    {
        foreach (var text in texts)
        {
            if (text?.Contains(search, StringComparison.OrdinalIgnoreCase) is true)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Describes the parameters.</summary>
    public IEndpointConventionBuilder Describe(IEndpointConventionBuilder endpoint, string searched) => endpoint
        .Takes("search", $"Only those that have this in their {searched}. Case does not matter.")
        .Takes("sort", $"Column to sort by: one of {Names}; descending with - before it. By default {columns[0].Name}.")
        .Takes("offset", "How many are skipped: from 0, by default 0.", type: JsonSchemaType.Integer)
        .Takes(
            "limit",
            string.Create(
                CultureInfo.InvariantCulture,
                $"How many are listed at most: 1 to {LargestLimit:N0}; by default {(limit is { } most ? $"{most:N0}" : "all")}."),
            type: JsonSchemaType.Integer);

    public bool TryRead(
        HttpContext context, [NotNullWhen(true)] out TableQuery<TRow>? query, [NotNullWhen(false)] out string? error)
    {
        query = null;
        if (!QueryParameters.TryReadOne(context, "search", out var search, out error)
            || !QueryParameters.TryReadOne(context, "sort", out var sort, out error)
            || !QueryParameters.TryReadNumber(context, "offset", 0, LargestOffset, 0, out var offset, out error)
            || !QueryParameters.TryReadNumber(context, "limit", 1, LargestLimit, limit ?? int.MaxValue, out var listed, out error))
        {
            return false;
        }

        var isDescending = sort is ['-', ..];
        var name = isDescending ? sort![1..] : sort ?? columns[0].Name;
        if (columns.FirstOrDefault(column => column.Name == name).Order is not { } order)
        {
            error = $"sort={Answer.Quote(sort)} is none of {Names}, with or without - before it";
            return false;
        }

        query = new TableQuery<TRow>(string.IsNullOrEmpty(search) ? null : search, order, isDescending, offset, listed);
        return true;
    }

    /// <summary>The rows that are asked for.</summary>
    /// <param name="rows">All rows. Those that are alike stay in this order.</param>
    /// <param name="query">What is asked for.</param>
    /// <param name="matching">How many match, listed or not.</param>
    public IReadOnlyList<TRow> Select(IEnumerable<TRow> rows, TableQuery<TRow> query, out int matching)
    {
        if (query.Part is { } part && isIn is not null)
        {
            rows = rows.Where(row => isIn(row, part));
        }

        List<TRow> found = [.. query.Search is { } search ? rows.Where(row => matches(row, search)) : rows];
        matching = found.Count;
        var sorted = query.IsDescending
            ? found.OrderByDescending(row => row, query.Order)
            : found.OrderBy(row => row, query.Order);
        return [.. sorted.Skip(query.Offset).Take(query.Limit)];
    }
}
