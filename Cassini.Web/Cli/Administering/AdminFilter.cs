namespace Cassini.Web.Cli.Administering;

/// <summary>Which rows of a table <c>cassini admin</c> asks for; null stands for the management's own default.</summary>
/// <param name="By">identities: the resource.</param>
/// <param name="Search">sessions: what a client identifier or identity must contain.</param>
/// <param name="State">sessions: connected or kept.</param>
/// <param name="Sort">sessions: the column, with - before it in descending order.</param>
/// <param name="Limit">sessions, identities: how many are listed at most.</param>
internal sealed record AdminFilter(string? By, string? Search, string? State, string? Sort, int? Limit)
{
    /// <summary>As a query; empty when nothing is asked for.</summary>
    public string Query
    {
        get
        {
            (string Name, string? Value)[] all = [("by", By), ("search", Search), ("state", State), ("sort", Sort), ("limit", $"{Limit}")];
            var given = all.Where(one => !string.IsNullOrEmpty(one.Value)).Select(one => $"{one.Name}={Uri.EscapeDataString(one.Value!)}");
            return string.Join('&', given) is { Length: > 0 } query ? $"?{query}" : "";
        }
    }
}
