using Cassini.Streams.Events;
using Cassini.Streams.Hosting;
using Cassini.Tests.VirtualTime;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Hosting;

/// <summary>When memory is given back after a peak, and when the program is left alone.</summary>
public sealed class MemoryReturnTests
{
    private const long High = 4 * MemoryReturn.Least;
    private readonly VirtualClock _clock = new();
    private readonly Heap _heap = new() { Used = MemoryReturn.MostAlive, Committed = High };
    private readonly MemoryReturn _memory;

    public MemoryReturnTests() => _memory = new MemoryReturn(_heap, _clock.Time, NullLogger.Instance);

    [Fact]
    public void Fall_OfMuch_CollectsInTheBackgroundAndThenCompacts()
    {
        Look(High);
        Look(0);
        _heap.Acts.ShouldBeEmpty("it may still fall");

        Look(0);
        Look(0);
        _heap.Acts.ShouldBe(["collect"]);

        _heap.LastFull++;
        Look(0);
        Look(0);
        _heap.Acts.ShouldBe(["collect", "compact"]);
    }

    [Fact]
    public void Fall_OfConnectionsAlone_Collects()
    {
        Look(0, (int)(High / MemoryReturn.PerConnection));
        Look(0);
        Look(0);

        _heap.Acts.ShouldBe(["collect"]);
    }

    [Theory]
    [InlineData(MemoryReturn.Least - 1, 0)]
    [InlineData(High, (High / 2) + 1)]
    public void Fall_OfLittle_DoesNothing(long from, long to)
    {
        Look(from);
        Look(to);
        Look(to);

        _heap.Acts.ShouldBeEmpty();
    }

    /// <summary>The program would stand still for as long as it takes to mark and move what lives.</summary>
    [Fact]
    public void Heap_WithMuchAlive_IsCollectedOnceAMinuteUntilItIsSmall()
    {
        _heap.Used = MemoryReturn.MostAlive + 1;
        Look(High);
        Look(0);
        for (var round = 1; round <= 3; round++)
        {
            Look(0);
            _heap.LastFull++;
            Look(0);
            Look(0);
            _heap.Acts.ShouldBe(Enumerable.Repeat("collect", round));
            _clock.AdvanceBy(MemoryReturn.Pause);
        }

        Look(0);
        _heap.LastFull++;
        _heap.Used = MemoryReturn.MostAlive;
        Look(0);
        _heap.Acts.ShouldBe(["collect", "collect", "collect", "collect", "compact"]);
    }

    [Fact]
    public void Heap_ThatStaysLarge_IsLeftAloneAfterSomeRounds()
    {
        _heap.Used = MemoryReturn.MostAlive + 1;
        Look(High);
        Look(0);
        for (var round = 0; round < 2 * MemoryReturn.MostRounds; round++)
        {
            Look(0);
            _heap.LastFull++;
            Look(0);
            _clock.AdvanceBy(MemoryReturn.Pause);
        }

        _heap.Acts.Count.ShouldBe(MemoryReturn.MostRounds);
    }

    [Fact]
    public void Heap_WithLittleFree_IsLeftAlone()
    {
        _heap.Committed = _heap.Used + MemoryReturn.Least - 1;
        Look(High);
        Look(0);
        Look(0);
        _heap.LastFull++;
        Look(0);
        _clock.AdvanceBy(MemoryReturn.Pause);
        Look(0);

        _heap.Acts.ShouldBe(["collect"]);
    }

    [Fact]
    public void SecondFall_WithinAMinute_WaitsForItsEnd()
    {
        Look(High);
        Look(0);
        Look(0);
        _heap.LastFull++;
        Look(High);
        Look(0);
        Look(0);
        _heap.Acts.ShouldBe(["collect", "compact"]);

        _clock.AdvanceBy(MemoryReturn.Pause);
        Look(0);
        _heap.Acts.ShouldBe(["collect", "compact", "collect"]);
    }

    private void Look(long memory, int connections = 0) => _memory.Look(
        new LoadSampled(0, connections, 0, 0)
        {
            Capacity = new Capacity(new ResourceUse(connections, int.MaxValue), Memory: new ResourceUse(memory, long.MaxValue)),
        });

    private sealed class Heap : IHeap
    {
        public List<string> Acts { get; } = [];

        public long LastFull { get; set; }

        public long Used { get; set; }

        public long Committed { get; set; }

        public void CollectInBackground() => Acts.Add("collect");

        public void Compact() => Acts.Add("compact");
    }
}
