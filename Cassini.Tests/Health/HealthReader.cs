using System.Threading.Channels;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Projection;
using Cassini.Tests.Support;

namespace Cassini.Tests.Health;

/// <summary>A reader of health's changes that a test asks for one after another: an observer, or a loop.</summary>
internal sealed class HealthReader : IAsyncDisposable
{
    private readonly Channel<HealthSnapshot> _read = Channel.CreateUnbounded<HealthSnapshot>();
    private readonly CancellationTokenSource _cancelled = new();
    private readonly IDisposable? _subscription;
    private readonly Task _loop = Task.CompletedTask;

    private HealthReader(HealthProjection health, bool observes)
    {
        if (observes)
        {
            _subscription = health.Changes.ValidateSynchronization().Subscribe(
                snapshot => _read.Writer.TryWrite(snapshot),
                failure => _read.Writer.TryComplete(failure), () => _read.Writer.TryComplete());
        }
        else
        {
            _loop = LoopAsync(health);
        }
    }

    /// <summary>How many came that the test has not read.</summary>
    public int Unread => _read.Reader.Count;

    public static HealthReader Start(HealthProjection health, bool observes) => new(health, observes);

    public async Task<HealthSnapshot> NextAsync(string step) =>
        await Eventually.CompletesAsync(step, _read.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask());

    public Task EndAsync(string step) => Eventually.CompletesAsync(step, _read.Reader.Completion);

    public async ValueTask DisposeAsync()
    {
        _subscription?.Dispose();
        await _cancelled.CancelAsync();
        await Eventually.CompletesAsync("the loop ends", _loop);
        _cancelled.Dispose();
    }

    private async Task LoopAsync(HealthProjection health)
    {
        try
        {
            await foreach (var snapshot in health.ReadChangesAsync(_cancelled.Token))
            {
                _read.Writer.TryWrite(snapshot);
            }

            _read.Writer.TryComplete();
        }
        catch (OperationCanceledException) when (_cancelled.IsCancellationRequested)
        {
            // The test is over.
        }
    }
}
