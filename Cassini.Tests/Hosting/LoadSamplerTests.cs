using Cassini.Streams.Events;
using Cassini.Streams.Hosting;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Hosting;

/// <summary>Which samples are published.</summary>
public sealed class LoadSamplerTests : IAsyncDisposable
{
    private static readonly ResourceUse Half = new(50, 100);
    private static readonly ResourceUse Full = new(100, 100);
    private readonly CancellationTokenSource _stop = new();
    private readonly VirtualClock _clock = new();
    private readonly RecordingPublisher _published = new();
    private readonly Task _running;
    private volatile LoadSampled _load = LoadOf(new Capacity(Half));
    private int _taken;

    public LoadSamplerTests() => _running = new LoadSampler(Take, _published, _clock.Time).RunAsync(_stop.Token);

    public static TheoryData<Capacity> AtALimit => new(
        new Capacity(Full), new Capacity(Half, Sessions: Full, Memory: Half), new Capacity(Half, Sessions: Half, Memory: Full));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(_running);
        _stop.Dispose();
    }

    [Fact]
    public async Task Sample_WithoutChange_IsPublishedOnceAMinute()
    {
        await TakenAsync(13);

        await _published.WaitForCountAsync<LoadSampled>(2, "the sample of the next minute");
        _published.Events.Count.ShouldBe(2);
    }

    /// <summary>Only a second sample at the limit proves that memory is full, and in a standstill nothing changes.</summary>
    [Theory]
    [MemberData(nameof(AtALimit))]
    public async Task Sample_WithoutChangeAtALimit_IsPublished(Capacity capacity)
    {
        await TakenAsync(1);
        _load = LoadOf(capacity);
        await TakenAsync(4);

        await _published.WaitForCountAsync<LoadSampled>(3, "the samples at the limit", load => load.Capacity == capacity);
    }

    private static LoadSampled LoadOf(Capacity capacity) => new(0, 1, 2, 3) { Capacity = capacity };

    /// <summary>Lets time pass until so many samples were taken.</summary>
    private async Task TakenAsync(int samples)
    {
        while (true)
        {
            var before = Volatile.Read(ref _taken);
            if (before >= samples)
            {
                return;
            }

            _clock.AdvanceBy(TimeSpan.FromSeconds(before == 0 ? 0 : 5));
            await Eventually.HoldsAsync($"sample {before + 1}", () => Volatile.Read(ref _taken) > before);
        }
    }

    private LoadSampled Take()
    {
        Interlocked.Increment(ref _taken);
        return _load;
    }
}
