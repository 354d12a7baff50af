using System.Collections.Concurrent;
using System.Globalization;

namespace Cassini.Tests.Store;

/// <summary>
/// Nothing that was acknowledged is lost, and nothing comes more often than MQTT allows, whenever the broker is killed and whatever its
/// disk does. <c>CRASH_SCHEDULES</c> sets how many schedules are run, and <c>CRASH_SEED</c> runs a single one many times.
/// </summary>
public class CrashScheduleTests(ITestOutputHelper output)
{
    private const int InEveryRun = 400;
    private const int OfOneSeed = 100;

    [Fact]
    public async Task Broker_KilledAtAnyTime_KeepsWhatItHasAcknowledged()
    {
        var single = Number("CRASH_SEED");
        var count = single is null ? Number("CRASH_SCHEDULES") ?? InEveryRun : OfOneSeed;
        var first = Number("CRASH_FIRST") ?? 1;
        var failures = new ConcurrentDictionary<int, string>();
        await Parallel.ForEachAsync(
            Enumerable.Range(first, count),
            new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount },
            async (at, _) =>
            {
                if (failures.Count < 5)
                {
                    var seed = single ?? at;
                    var schedule = new CrashSchedule(seed);
                    await schedule.RunAsync();
                    if (schedule.Failure is { } failure)
                    {
                        failures.TryAdd(at, $"CRASH_SEED={seed}: {failure}");
                    }
                }
            });
        foreach (var (_, failure) in failures.OrderBy(pair => pair.Key))
        {
            output.WriteLine(failure);
        }

        failures.OrderBy(pair => pair.Key).Select(pair => pair.Value.Split('\n')[0]).ShouldBeEmpty();
    }

    private static int? Number(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
