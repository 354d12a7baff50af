using Cassini.Streams.Broker.Durable;
using CsCheck;

namespace Cassini.Tests.Broker;

public class StoredBacklogTests
{
    /// <summary>Any adding, moving and removing agrees with a sorted dictionary, also with large gaps between sequence numbers.</summary>
    [Fact]
    public void Backlog_AfterAnySteps_AgreesWithADictionary() =>
        Gen.Select(Gen.Int[0, 9], Gen.OneOf(Gen.Long[0, 200], Gen.Long[0, 1L << 40])).Array[1, 200].Sample(
            steps =>
            {
                var backlog = new StoredBacklog();
                var model = new SortedDictionary<long, (long Group, int Size, bool IsShared)>();
                foreach (var (kind, sequence) in steps)
                {
                    var oldest = model.Count > 0 ? model.First().Key : sequence;
                    switch (kind)
                    {
                        case < 5:
                            var one = (Group: 1 + (sequence % 7), Size: (int)(sequence % 1_000), IsShared: sequence % 3 == 0);
                            backlog.Add(new StoredCopy(sequence, one.Group), one.Size, one.IsShared);
                            model[sequence] = one;
                            break;
                        case < 7:
                            backlog.Remove(oldest).ShouldBe(model.Remove(oldest));
                            break;
                        case 7:
                            backlog.Remove(sequence).ShouldBe(model.Remove(sequence));
                            break;
                        case 8 when model.ContainsKey(oldest):
                            backlog.Move(oldest, 99);
                            model[oldest] = model[oldest] with { Group = 99 };
                            break;
                        default:
                            backlog.Take(sequence, 2_000).ShouldBe(Take(model, sequence));
                            break;
                    }

                    ShouldAgree(backlog, model);
                }
            },
            iter: 1_000,
            threads: 1);

    private static void ShouldAgree(StoredBacklog backlog, SortedDictionary<long, (long Group, int Size, bool IsShared)> model)
    {
        backlog.Count.ShouldBe(model.Count);
        backlog.Bytes.ShouldBe(model.Values.Sum(one => (long)one.Size));
        backlog.Shared.ShouldBe(model.Values.Count(one => one.IsShared));
        backlog.Blocks.ShouldBe(model.Keys.Select(sequence => sequence / 64).Distinct().Count());
        if (model.Count > 0)
        {
            backlog.First.ShouldBe(new StoredCopy(model.First().Key, model.First().Value.Group));
            backlog.Find(model.Last().Key).ShouldBe((model.Last().Value.Group, model.Last().Value.Size));
        }
    }

    private static List<StoredCopy> Take(SortedDictionary<long, (long Group, int Size, bool IsShared)> model, long from)
    {
        var taken = new List<StoredCopy>();
        var bytes = 2_000;
        foreach (var (sequence, one) in model.Where(pair => pair.Key >= from))
        {
            bytes -= StoredBacklog.CostOfCopy + one.Size;
            if (bytes < 0 && taken.Count > 0)
            {
                break;
            }

            taken.Add(new StoredCopy(sequence, one.Group));
        }

        return taken;
    }
}
