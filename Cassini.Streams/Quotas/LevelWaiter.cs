namespace Cassini.Streams.Quotas;

/// <summary>Someone who waits for a number to fall to a level. Thread-safe.</summary>
/// <param name="level">The level.</param>
internal sealed class LevelWaiter(long level)
{
    // What continues does so on the pool, not on the thread that gives something back.
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public long Level { get; } = level;

    /// <summary>Completes when it has fallen to the level: look at it again then.</summary>
    public Task Reached => _reached.Task;

    public void Complete() => _reached.TrySetResult();
}
