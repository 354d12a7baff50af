using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Cassini.Management.Http;
using Cassini.Streams.Health.Projection;

namespace Cassini.Management.Tables;

/// <summary>Which rows of the live table are asked for, and in what order.</summary>
/// <param name="Search">What a row must hold; null for every row.</param>
/// <param name="Column">The column to sort by.</param>
/// <param name="IsDescending">The other way round.</param>
/// <param name="Offset">How many rows are passed over.</param>
/// <param name="Limit">How many rows are listed at most.</param>
internal sealed record ConnectionQuery(string? Search, string Column, bool IsDescending, int Offset, int Limit)
{
    /// <summary>How many rows can be asked for at most.</summary>
    public const int LargestLimit = 1_000;

    private const int LargestOffset = 10_000_000;

    /// <summary>What rows can be sorted by: a row's own names.</summary>
    public static readonly IReadOnlyList<string> Columns =
        ["id", "endpoint", "remoteAddress", "identity", "protocol", "state", "acceptedAt", "clientId", "mqttProtocol"];

    public static bool TryRead(HttpContext context, [NotNullWhen(true)] out ConnectionQuery? query, [NotNullWhen(false)] out string? error)
    {
        query = null;
        if (!QueryParameters.TryReadOne(context, "search", out var search, out error)
            || !QueryParameters.TryReadOne(context, "sort", out var sort, out error)
            || !QueryParameters.TryReadNumber(context, "offset", 0, LargestOffset, 0, out var offset, out error)
            || !QueryParameters.TryReadNumber(context, "limit", 1, LargestLimit, int.MaxValue, out var limit, out error))
        {
            return false;
        }

        var isDescending = sort is ['-', ..];
        var column = isDescending ? sort![1..] : sort ?? "id";
        if (!Columns.Contains(column))
        {
            error = $"sort={Answer.Quote(sort)} is none of {string.Join(", ", Columns)}, with or without - before it";
            return false;
        }

        query = new ConnectionQuery(string.IsNullOrEmpty(search) ? null : search, column, isDescending, offset, limit);
        return true;
    }

    /// <summary>The rows asked for, of all rows by number.</summary>
    public IReadOnlyList<ConnectionRow> Of(IReadOnlyList<ConnectionRow> rows, out int matching)
    {
        var found = Search is null ? rows : [.. rows.Where(Matches)];
        matching = found.Count;

        // Sorting is stable: rows that are alike stay in the order of their numbers.
        var sorted = (Column, IsDescending) switch
        {
            ("id" or "acceptedAt", false) => found,
            ("id" or "acceptedAt", true) => found.Reverse(),
            (_, false) => found.OrderBy(Text, StringComparer.OrdinalIgnoreCase),
            (_, true) => found.OrderByDescending(Text, StringComparer.OrdinalIgnoreCase),
        };
        return [.. sorted.Skip(Offset).Take(Limit)];
    }

    private bool Matches(ConnectionRow row) =>
        Has(row.Identity) || Has(row.ClientId) || Has(row.RemoteAddress) || Has(row.Endpoint)
        || row.Id.ToString(CultureInfo.InvariantCulture) == Search;

    private bool Has(string? text) => text?.Contains(Search!, StringComparison.OrdinalIgnoreCase) ?? false;

    private string? Text(ConnectionRow row) => Column switch
    {
        "endpoint" => row.Endpoint,
        "remoteAddress" => row.RemoteAddress,
        "identity" => row.Identity,
        "protocol" => row.Protocol,
        "state" => row.State,
        "clientId" => row.ClientId,
        _ => row.MqttProtocol,
    };
}
