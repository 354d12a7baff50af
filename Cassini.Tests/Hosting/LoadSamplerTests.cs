using System.Runtime.CompilerServices;
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
    private volatile StrongBox<ProcessReading> _process = Process();

    /// <summary>The first reading is for no sample: later ones are compared with it.</summary>
    private int _taken = -1;

    public LoadSamplerTests()
    {
        _running = new LoadSampler(() => _load, new ProcessWatch(TakeProcess, _clock.Time), _published, _clock.Time).RunAsync(_stop.Token);
    }

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

    /// <summary>The processor time and the memory of a quiet broker change all the time.</summary>
    [Fact]
    public async Task Process_MovesALittle_IsNoReasonForASample()
    {
        for (var sample = 1; sample <= 12; sample++)
        {
            _process = Process(1_000 + sample, TimeSpan.FromMilliseconds(100 * sample));
            await TakenAsync(sample);
        }

        await _published.WaitForCountAsync<LoadSampled>(1, "the first sample");
        _published.Events.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Process_MemoryGrowsByATenth_IsPublishedFifteenSecondsAfterTheLastSample()
    {
        await TakenAsync(1);
        _process = Process(1_100);
        await TakenAsync(3);
        _published.Events.Count.ShouldBe(1);
        await TakenAsync(4);
        await _published.WaitForCountAsync<LoadSampled>(1, "the memory", load => load.Process is { Memory: 1_100 });

        _process = Process(2_000);
        await TakenAsync(6);
        _published.Events.Count.ShouldBe(2);
        await TakenAsync(7);
        await _published.WaitForCountAsync<LoadSampled>(1, "fifteen seconds later", load => load.Process is { Memory: 2_000 });
    }

    /// <summary>Half a second of two cores in fifteen seconds is a sixtieth; four seconds are more than a twentieth.</summary>
    [Theory]
    [InlineData(0.5, 1)]
    [InlineData(4, 2)]
    public async Task Process_UsesMoreOfItsCores_IsPublishedWhenItIsATwentieth(double seconds, int samples)
    {
        await TakenAsync(1);
        _process = Process(cpu: TimeSpan.FromSeconds(seconds));
        await TakenAsync(5);

        await _published.WaitForCountAsync<LoadSampled>(samples, "the samples");
        _published.Events.Count.ShouldBe(samples);
    }

    [Fact]
    public async Task Process_WithASampleThatIsDue_IsTheShareSinceTheLastOne()
    {
        await TakenAsync(3);
        _load = LoadOf(new Capacity(Half)) with { BytesSent = 7 };
        _process = Process(1_001, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(0.3));
        await TakenAsync(4);

        await _published.WaitForCountAsync<LoadSampled>(2, "the sample of the traffic");
        var process = _published.Events.OfType<LoadSampled>().Last().Process;
        process.ShouldBe(new ProcessLoad(1_001, 500, 0.1, 2, 9, 0.02));
    }

    private static StrongBox<ProcessReading> Process(long memory = 1_000, TimeSpan cpu = default, TimeSpan pause = default) =>
        new(new ProcessReading(memory, 500, cpu, 2, 9, pause));

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

    private ProcessReading TakeProcess()
    {
        var reading = _process.Value;
        Interlocked.Increment(ref _taken);
        return reading;
    }
}
