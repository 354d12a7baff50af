using Cassini.Streams.Broker.Routing;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

public class WorkUnderWayTests
{
    // Those who wait turn the sides under those who begin: after a wait nothing is under way that had begun before it.
    [Fact]
    public async Task Wait_OnManyThreads_SeesWhatBeganBefore()
    {
        var (work, isOver, missed) = (new WorkUnderWay(), false, 0);
        var begun = new int[2];
        var threads = Enumerable.Range(0, begun.Length).Select(index => Task.Run(() =>
        {
            while (!Volatile.Read(ref isOver))
            {
                var side = work.Begin();
                Volatile.Write(ref begun[index], begun[index] + 1);

                // Odd while it is under way.
                Volatile.Write(ref begun[index], begun[index] + 1);
                work.End(side);
            }
        })).ToList();
        for (var i = 0; i < 5_000; i++)
        {
            var before = begun.Select((_, index) => Volatile.Read(ref begun[index])).ToArray();
            await work.WhenEndedAsync();
            missed += before.Where((number, index) => number % 2 == 1 && Volatile.Read(ref begun[index]) == number).Count();
        }

        Volatile.Write(ref isOver, true);
        await Eventually.CompletesAsync("the threads end", Task.WhenAll(threads));
        missed.ShouldBe(0);
    }

    // Each wait ends when what had begun has ended, and not before, whatever begins meanwhile.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Wait_InAnyOrder_IsForWhatHadBegun(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 100; round++)
        {
            var work = new WorkUnderWay();
            var (begun, next) = (new Dictionary<int, int>(), 0);
            var waits = new List<(Task Ended, HashSet<int> For)>();
            for (var step = 0; step < 40; step++)
            {
                switch (random.Next(5))
                {
                    case < 2:
                        begun[next++] = work.Begin();
                        break;
                    case < 4 when begun.Count > 0:
                        var ending = begun.ElementAt(random.Next(begun.Count));
                        begun.Remove(ending.Key);
                        waits.ForEach(wait => wait.For.Remove(ending.Key));
                        work.End(ending.Value);
                        break;
                    default:
                        waits.Add((work.WhenEndedAsync(), [.. begun.Keys]));
                        break;
                }

                waits.Where(wait => wait.For.Count > 0).ShouldAllBe(wait => !wait.Ended.IsCompleted, $"seed {seed}, round {round}");
            }

            foreach (var side in begun.Values)
            {
                work.End(side);
            }

            await Eventually.CompletesAsync($"seed {seed}, round {round}: nothing is left", Task.WhenAll(waits.Select(wait => wait.Ended)));
        }
    }
}
