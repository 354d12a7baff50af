namespace Cassini.Streams.Broker.Upkeep;

/// <summary>
/// How much counters grow in a minute, as moving averages over 1, 5 and 15 minutes: those that other brokers publish under the same names.
/// For one thread.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="counters">The counters by name.</param>
internal sealed class LoadAverages(TimeProvider time, params (string Name, Func<long> Count)[] counters)
{
    private static readonly int[] Minutes = [1, 5, 15];

    private readonly long[] _counted = new long[counters.Length];
    private readonly double[,] _averages = new double[counters.Length, Minutes.Length];
    private long _updatedAt = time.GetTimestamp();

    /// <summary>The averages at this instant: <c>NAME/1min</c> and so on, each with the growth in one minute.</summary>
    public IEnumerable<(string Name, double PerMinute)> Update()
    {
        var now = time.GetTimestamp();
        var elapsed = time.GetElapsedTime(_updatedAt, now).TotalMinutes;
        _updatedAt = now;
        for (var i = 0; i < counters.Length; i++)
        {
            var count = counters[i].Count();
            var rate = elapsed > 0 ? (count - _counted[i]) / elapsed : 0;
            _counted[i] = count;
            for (var window = 0; window < Minutes.Length; window++)
            {
                ref var average = ref _averages[i, window];
                average = rate + (Math.Exp(-elapsed / Minutes[window]) * (average - rate));
                yield return ($"{counters[i].Name}/{Minutes[window]}min", average);
            }
        }
    }
}
