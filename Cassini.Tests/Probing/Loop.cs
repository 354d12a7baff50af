using Cassini.Tests.Supervision;

namespace Cassini.Tests.Probing;

/// <summary>Runs a loop until the test ends; a crash of it fails the test.</summary>
internal sealed class Loop : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;

    public Loop(Func<CancellationToken, Task> body) => _running = Task.Run(() => body(_stopping.Token));

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        try
        {
            await _running.Within("the loop's end");
        }
        catch (OperationCanceledException)
        {
            // as asked
        }

        _stopping.Dispose();
    }
}
