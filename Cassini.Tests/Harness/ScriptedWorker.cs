using Cassini.Harness.Load;
using Cassini.Harness.Workers;

namespace Cassini.Tests.Harness;

/// <summary>A worker that does what the test says.</summary>
internal sealed class ScriptedWorker(WorkerRole role) : IWorker
{
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Name => role.ToString().ToLowerInvariant();

    public WorkerRole Role => role;

    public CancellationToken Lost => CancellationToken.None;

    public string? LostBecause => null;

    public LoadReport Report { get; init; } = LoadReport.Nothing;

    /// <summary>What the start does; null runs until the stop.</summary>
    public Func<Task>? Starting { get; init; }

    /// <summary>What the preparation does; null succeeds at once.</summary>
    public Func<Task>? Preparing { get; init; }

    /// <summary>What the stop does once the start has ended; null succeeds at once.</summary>
    public Func<Task>? Stopping { get; init; }

    public Task PrepareAsync(LoadOrder order, CancellationToken cancellation) => Preparing?.Invoke() ?? Task.CompletedTask;

    public Task Start() => Starting?.Invoke() ?? _stopped.Task;

    public Task StopAsync()
    {
        _stopped.TrySetResult();
        return Stopping?.Invoke() ?? Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
