using System.Runtime.CompilerServices;
using Cassini.Streams.Hosting;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Hosting;

/// <summary>When memory is given back after a peak, and when the program is left alone.</summary>
public sealed class MemoryReturnTests : IDisposable
{
    private const long Small = 30 << 20;
    private const long High = Small + (4 * MemoryReturn.Least);
    private readonly VirtualClock _clock = new();
    private readonly Heap _heap = new() { Used = Small, Committed = Small };
    private readonly MemoryReturn _memory;

    public MemoryReturnTests() => _memory = new MemoryReturn(_heap, _clock.Time, NullLogger.Instance);

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void Peak_WhoseClientsHaveLeft_IsCollectedUntilLittleIsFree()
    {
        Peak();
        for (var round = 1; round <= 4; round++)
        {
            _heap.Collections.ShouldBe(round);
            _heap.Committed -= (High - Small) / 5;
            End();
        }

        Rest(4);
    }

    /// <summary>Garbage counts as used, so it is what clients hold that tells.</summary>
    [Fact]
    public void Peak_ThatClientsStillHold_IsLeftAlone()
    {
        _memory.Note(0);
        (_heap.Committed, _heap.Used) = (High, High);
        _memory.Note(High - Small);
        _memory.Note(High - Small);
        _heap.Collections.ShouldBe(0);

        _memory.Note(0);
        _heap.Collections.ShouldBe(1);
    }

    [Fact]
    public void Excess_ThatIsSmall_IsLeftAlone()
    {
        _memory.Note(0);
        _heap.Committed += MemoryReturn.Least - 1;
        _memory.Note(0);
        _memory.Note(0);
        _heap.Collections.ShouldBe(0);

        _heap.Committed++;
        _memory.Note(0);
        _heap.Collections.ShouldBe(1);
    }

    /// <summary>Under traffic the heap needs what is free; it would take it from the system again at once.</summary>
    [Fact]
    public void Excess_ThatTrafficNeedsSoon_IsLeftAlone()
    {
        _memory.Note(0);
        _heap.Committed = High;
        for (var i = 0; i < 5; i++)
        {
            _heap.Allocated += ((High - Small) / MemoryReturn.SamplesAhead) + 1;
            _memory.Note(0);
        }

        _heap.Collections.ShouldBe(0);
        _memory.Note(0);
        _heap.Collections.ShouldBe(1);
    }

    /// <summary>A collection of a large heap can take longer than the pause.</summary>
    [Fact]
    public void Collection_ThatHasNotEnded_IsAwaited()
    {
        Peak();
        _heap.Collections.ShouldBe(1);
        _clock.AdvanceBy(10 * MemoryReturn.Pause);
        _heap.Collections.ShouldBe(1);

        End();
        _heap.Collections.ShouldBe(2);
    }

    [Fact]
    public void Heap_ThatGivesNothingBack_IsLeftAloneAfterSomeCollections()
    {
        Peak();
        for (var round = 1; round <= MemoryReturn.Patience; round++)
        {
            _heap.Collections.ShouldBe(round);
            End();
        }

        Rest(MemoryReturn.Patience);
    }

    /// <summary>The runtime gives a free region back only after several collections.</summary>
    [Fact]
    public void Heap_ThatGivesBackLate_IsCollectedFurther()
    {
        Peak();
        for (var round = 1; round <= (2 * MemoryReturn.Patience) - 1; round++)
        {
            _heap.Collections.ShouldBe(round);
            _heap.Committed -= round == MemoryReturn.Patience - 1 ? MemoryReturn.Least : 0;
            End();
        }

        Rest((2 * MemoryReturn.Patience) - 1);
    }

    [Fact]
    public void SecondPeak_WithinTheRest_WaitsForItsEnd()
    {
        Peak();
        _heap.Committed = Small;
        End();
        Peak();
        _heap.Collections.ShouldBe(1);

        _clock.AdvanceBy(MemoryReturn.Rest);
        _memory.Note(0);
        _heap.Collections.ShouldBe(2);
    }

    /// <summary>The runtime gives large objects back last, and no faster than real time allows: a quarter is enough.</summary>
    [Fact]
    public async Task LargePeak_OfThisProcess_ComesBack()
    {
        const long size = 400 << 20;
        var heap = new CountingHeap();
        using var memory = new MemoryReturn(heap, _clock.Time, NullLogger.Instance);
        memory.Note(0);
        var peak = 0L;
        var looks = 0;

        await Eventually.HoldsAsync(
            "the heap is smaller by a quarter of the peak",
            () =>
            {
                // Other tests use the same heap: when their memory takes the place of what came back, it is tried again.
                if (looks++ % 60 == 0)
                {
                    peak = Fill(size, heap);
                }

                memory.Note(0);
                _clock.AdvanceBy(MemoryReturn.Pause);

                // A collection of another test's may have been first: that is not the one that counts.
                return heap.Collections > 0 && heap.Committed <= peak - (size / 4);
            });
    }

    /// <summary>Makes garbage of so many bytes, half in large and half in small objects that all live for a while, and returns what the
    /// heap has then.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long Fill(long size, CountingHeap heap)
    {
        var all = new List<byte[]>();
        for (var i = 0L; i < size / 2; i += 250_000)
        {
            all.Add(new byte[250_000]);
            all.AddRange(Enumerable.Range(0, 250).Select(_ => new byte[1_000]));
        }

        var peak = heap.Committed;
        GC.KeepAlive(all);
        return peak;
    }

    /// <summary>The heap grows, the clients leave, and the program is quiet.</summary>
    private void Peak()
    {
        _memory.Note(0);
        _heap.Committed = High;
        _memory.Note(0);
    }

    /// <summary>The collection ends, and the pause after it.</summary>
    private void End()
    {
        _heap.LastFull++;
        _clock.AdvanceBy(MemoryReturn.Pause);
    }

    /// <summary>After so many collections it does nothing more with the heap as it is.</summary>
    private void Rest(int collections)
    {
        for (var i = 0; i < 3; i++)
        {
            _memory.Note(0);
            _clock.AdvanceBy(MemoryReturn.Rest);
        }

        _memory.Note(0);
        _heap.Collections.ShouldBe(collections);
    }

    private sealed class Heap : IHeap
    {
        public int Collections { get; private set; }

        public long LastFull { get; set; }

        public long Used { get; set; }

        public long Committed { get; set; }

        public long Allocated { get; set; }

        public void CollectInBackground() => Collections++;
    }

    /// <summary>The heap of this process, with a count of what is asked of it.</summary>
    private sealed class CountingHeap : IHeap
    {
        public int Collections { get; private set; }

        public long LastFull => ManagedHeap.Instance.LastFull;

        public long Used => ManagedHeap.Instance.Used;

        public long Committed => ManagedHeap.Instance.Committed;

        public long Allocated => ManagedHeap.Instance.Allocated;

        public void CollectInBackground()
        {
            Collections++;
            ManagedHeap.Instance.CollectInBackground();
        }
    }
}
