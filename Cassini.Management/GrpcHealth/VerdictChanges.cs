using System.Runtime.CompilerServices;
using Cassini.Streams.Health;

namespace Cassini.Management.GrpcHealth;

/// <summary>A verdict on the snapshot, at once and at each change, that of a stale projection included: it is no revision.</summary>
internal static class VerdictChanges
{
    /// <summary>How often staleness is looked for.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>Never the same verdict twice in a row; a slow reader gets the latest.</summary>
    /// <exception cref="OperationCanceledException">Cancelled, or the projection has ended.</exception>
    public static async IAsyncEnumerable<T> ReadAsync<T>(
        HealthProjection health, Func<HealthSnapshot, T> judge, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : struct, Enum
    {
        using var timer = new PeriodicTimer(LookInterval, time);
        var told = judge(health.Current);
        yield return told;

        var change = health.WaitForAsync(IsNews, cancellationToken);
        var look = timer.WaitForNextTickAsync(cancellationToken).AsTask();
        while (true)
        {
            Task first = await Task.WhenAny(change, look);
            await first;
            var now = judge(health.Current);
            if (!now.Equals(told))
            {
                told = now;
                yield return now;
            }

            // Begun anew only after what it waits for was told.
            if (first == look)
            {
                look = timer.WaitForNextTickAsync(cancellationToken).AsTask();
            }
            else
            {
                change = health.WaitForAsync(IsNews, cancellationToken);
            }
        }

        bool IsNews(HealthSnapshot snapshot) => !judge(snapshot).Equals(told);
    }
}
