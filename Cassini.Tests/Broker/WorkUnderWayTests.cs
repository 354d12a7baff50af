using Cassini.Streams.Broker.Routing;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

public class WorkUnderWayTests
{
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
