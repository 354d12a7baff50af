using Cassini.Harness.Load;

namespace Cassini.Harness.Workers;

/// <summary>What a worker runs.</summary>
internal enum WorkerRole
{
    Producer,
    Sink,
}

/// <summary>
/// Runs producers or sinks, in this process or in another one. One order at a time: prepared, started, stopped.
/// </summary>
internal interface IWorker : IAsyncDisposable
{
    string Name { get; }

    WorkerRole Role { get; }

    /// <summary>Cancelled when it died; <see cref="LostBecause"/> says why.</summary>
    CancellationToken Lost { get; }

    string? LostBecause { get; }

    /// <summary>The newest that is known of the order under way.</summary>
    LoadReport Report { get; }

    /// <summary>Ends when everything of the order is connected and subscribed.</summary>
    /// <exception cref="HarnessException">It cannot be.</exception>
    Task PrepareAsync(LoadOrder order, CancellationToken cancellation);

    /// <summary>Lets it run.</summary>
    /// <returns>Ends when all producers of the order have ended, and sinks were stopped.</returns>
    /// <exception cref="HarnessException">Something of the order failed.</exception>
    /// <exception cref="OperationCanceledException">The worker is lost.</exception>
    Task Start();

    /// <summary>Ends whatever still runs. Afterwards <see cref="Report"/> is final, or, of a dead worker, the last that is known.</summary>
    Task StopAsync();
}
