using Cassini.Streams.Events;
using Cassini.Tests.Support;

namespace Cassini.Tests.Health;

/// <summary>The stream of readings as an asynchronous enumerable.</summary>
public sealed class ReadChangesTests : IDisposable
{
    private readonly HealthChangesRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task ReadChanges_Cancelled_Throws()
    {
        using var cancelled = new CancellationTokenSource();
        await using var changes = _rig.Health.ReadChangesAsync(cancelled.Token).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        (await changes.MoveNextAsync()).ShouldBeTrue();
        var next = changes.MoveNextAsync().AsTask();
        next.IsCompleted.ShouldBeFalse();

        await cancelled.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(Eventually.CompletesAsync("the next", next));
    }

    [Fact]
    public async Task ReadChangesUntil_TheEnd_LooksOnceMoreAndCompletes()
    {
        using var end = new CancellationTokenSource();
        var phases = new List<Phase>();
        await foreach (var snapshot in _rig.Health.ReadChangesUntilAsync(end.Token))
        {
            // While this runs nothing is read: one look must find both.
            phases.Add(snapshot.Phase);
            _rig.Hub.Publish(new PhaseEntered(Phase.Ready));
            _rig.Hub.Publish(new PhaseEntered(Phase.Draining));
            await end.CancelAsync();
        }

        phases.ShouldBe([Phase.Starting, Phase.Draining]);
    }

    [Fact]
    public async Task ReadChangesUntil_TheEnd_ContinuesOnThePoolAndNotOnTheThreadThatCancels()
    {
        using var end = new CancellationTokenSource();
        await using var changes = _rig.Health.ReadChangesUntilAsync(end.Token).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        (await changes.MoveNextAsync()).ShouldBeTrue();
        var isOnThePool = LastAsync();

        var canceller = new Thread(end.Cancel);
        canceller.Start();

        (await Eventually.CompletesAsync("the end", isOnThePool)).ShouldBeTrue();
        canceller.Join();

        async Task<bool> LastAsync()
        {
            await changes.MoveNextAsync().ConfigureAwait(false);
            return Thread.CurrentThread.IsThreadPoolThread;
        }
    }

    [Fact]
    public async Task ReadChangesUntil_AnEndThatIsOver_GivesTheCurrentSnapshotAlone()
    {
        var read = await _rig.Health.ReadChangesUntilAsync(new CancellationToken(canceled: true))
            .ToListAsync(TestContext.Current.CancellationToken);

        read.ShouldHaveSingleItem().ShouldBeSameAs(_rig.Health.Current);
    }
}
