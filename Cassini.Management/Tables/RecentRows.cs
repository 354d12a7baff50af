namespace Cassini.Management.Tables;

/// <summary>
/// The rows of a table for all who ask: taken by one at a time, and shown to the others for a moment. They cost something for each row, so
/// the more there are, the longer they are shown. However many ask, and however often, the work for them stays small. Thread-safe.
/// </summary>
/// <param name="table">How they are searched and sorted.</param>
/// <param name="take">Takes all rows.</param>
/// <param name="time">The clock.</param>
internal sealed class RecentRows<TRow>(RowTable<TRow> table, Func<IReadOnlyList<TRow>> take, TimeProvider time) : IDisposable
{
    /// <summary>So few rows are taken for each who asks: they are always those of now.</summary>
    public const int Few = 100;

    /// <summary>Rows are never shown longer than this.</summary>
    public static readonly TimeSpan LongestKept = TimeSpan.FromSeconds(1);

    /// <summary>For each row they are shown so much longer: some twenty times as long as it takes to take it.</summary>
    private static readonly TimeSpan KeptPerRow = TimeSpan.FromMicroseconds(50);

    private readonly SemaphoreSlim _turn = new(1);
    private RowListing<TRow>? _last;
    private ITimer? _forget;

    /// <summary>The rows that are asked for.</summary>
    /// <param name="query">What is asked for.</param>
    /// <param name="cancellation">Ends the wait for others who ask.</param>
    public async ValueTask<RowPage<TRow>> SelectAsync(TableQuery<TRow> query, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var listing = Volatile.Read(ref _last) is { } last && last.ShownUntil > time.GetTimestamp() ? last : Take();
            var (rows, matching) = listing.Select(query);
            return new RowPage<TRow>(rows, matching, time.GetElapsedTime(listing.TakenAt));
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Ends; nobody asks any more.</summary>
    public void Dispose()
    {
        _forget?.Dispose();
        _turn.Dispose();
    }

    private RowListing<TRow> Take()
    {
        var start = time.GetTimestamp();
        var rows = take();
        var kept = Math.Min(LongestKept.TotalSeconds, Math.Max(0, rows.Count - Few) * KeptPerRow.TotalSeconds);
        var until = time.GetTimestamp() + (long)(kept * time.TimestampFrequency);
        var listing = new RowListing<TRow>(table, rows, start, until);
        Volatile.Write(ref _last, listing);

        // Many rows take much memory: they go when nobody asks any more.
        _forget ??= time.CreateTimer(_ => Volatile.Write(ref _last, null), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _forget.Change(LongestKept, Timeout.InfiniteTimeSpan);
        return listing;
    }
}
