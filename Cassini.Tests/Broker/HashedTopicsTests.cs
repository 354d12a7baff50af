using Cassini.Streams.Broker.Routing;
using CsCheck;

namespace Cassini.Tests.Broker;

public class HashedTopicsTests
{
    /// <summary>Few hashes, so that each is set often, and those that follow each other in the table are removed and set again.</summary>
    [Fact]
    public void Set_AnyTimes_LeavesWhatATableWouldHave() =>
        Gen.Select(Gen.ULong[1, 60], Gen.Int[0, 3]).Array[1, 400].Sample(steps =>
        {
            var topics = new HashedTopics();
            var model = new Dictionary<ulong, int>();
            foreach (var (number, mark) in steps)
            {
                var hash = number << 2;
                topics.Set(hash, mark);
                model[hash] = mark;
                topics[hash].ShouldBe(mark);
            }

            var expected = model.Where(one => one.Value != 0).ToList();
            topics.Count.ShouldBe(expected.Count);
            topics.All.ShouldBe(expected.Select(one => one.Key | (uint)one.Value), ignoreOrder: true);
            foreach (var (hash, mark) in model)
            {
                topics[hash].ShouldBe(mark);
            }

            topics[1_000 << 2].ShouldBe(0);
        });

    // Hashes that differ in few bits, as somebody could choose them.
    [Theory]
    [InlineData(2)]
    [InlineData(32)]
    [InlineData(44)]
    public void Topics_WithHashesThatAreAlike_AreAllFoundAndForgotten(int bit)
    {
        var topics = new HashedTopics();
        ulong[] hashes = [.. Enumerable.Range(1, 100_000).Select(i => (ulong)i << bit)];
        foreach (var hash in hashes)
        {
            topics.Set(hash, 2);
        }

        hashes.ShouldAllBe(hash => topics[hash] == 2);
        topics.Count.ShouldBe(hashes.Length);
        foreach (var hash in hashes)
        {
            topics.Set(hash, 0);
        }

        topics.All.ShouldBeEmpty();
        hashes.ShouldAllBe(hash => topics[hash] == 0);
    }

    // What a reader looks for is there throughout, whatever is moved around it.
    [Fact]
    public async Task Topic_WhileOthersComeAndGo_IsAlwaysFound()
    {
        var topics = new HashedTopics();
        ulong[] staying = [.. Enumerable.Range(1, 100).Select(i => (ulong)i << 20)];
        foreach (var hash in staying)
        {
            topics.Set(hash, 3);
        }

        using var stop = new CancellationTokenSource();
        var reader = Task.Run(() =>
        {
            var rounds = 0;
            do
            {
                staying.ShouldAllBe(hash => topics[hash] == 3 || topics[hash] == 1);
                rounds++;
            }
            while (!stop.IsCancellationRequested);

            return rounds;
        });
        var random = new Random(1);
        for (var round = 0; round < 20; round++)
        {
            ulong[] others = [.. Enumerable.Range(0, 5_000).Select(_ => (ulong)random.NextInt64() << 22)];
            foreach (var hash in others)
            {
                topics.Set(hash, 2);
            }

            topics.Set(staying[round], round % 2 == 0 ? 1 : 3);
            foreach (var hash in others)
            {
                topics.Set(hash, 0);
            }
        }

        await stop.CancelAsync();
        (await reader).ShouldBeGreaterThan(0);
    }

    // All nodes must find the same: these are on the wire, and in journals.
    [Fact]
    public void Hash_OfATopic_IsTheSameOnAllNodesAndNeverNothing()
    {
        HashedTopics.HashOf("building/7/room/12"u8).ShouldBe(0x5616_7A32_E966_836CUL);
        Gens.AllTopics.Select(topic => HashedTopics.HashOf(System.Text.Encoding.UTF8.GetBytes(topic)))
            .ShouldAllBe(hash => hash != 0 && (hash & HashedTopics.MarkBits) == 0);
    }
}
