using Cassini.Harness.Load;
using Cassini.Harness.Verdicts;

namespace Cassini.Harness.Workers;

/// <summary>What a worker runs.</summary>
internal enum WorkerRole
{
    Publisher,
    Subscriber,
}

/// <summary>
/// Runs publishers or subscribers, in this process or in another one. One order at a time: prepared, started, stopped.
/// </summary>
internal interface IWorker : IAsyncDisposable
{
    string Name { get; }

    WorkerRole Role { get; }

    /// <summary>Cancelled when the worker is lost; <see cref="LostBecause"/> says why.</summary>
    CancellationToken Lost { get; }

    string? LostBecause { get; }

    /// <summary>The latest counts of the latest order.</summary>
    LoadReport Report { get; }

    /// <summary>Ends when everything of the order is connected and subscribed.</summary>
    /// <exception cref="HarnessException">The broker cannot be reached, or refuses.</exception>
    Task PrepareAsync(LoadOrder order, CancellationToken cancellation);

    /// <summary>Starts the publishers and the clock of the subscribers.</summary>
    /// <returns>Ends when all publishers of the order have ended, and subscribers were stopped.</returns>
    /// <exception cref="HarnessException">Something of the order failed.</exception>
    /// <exception cref="OperationCanceledException">The worker is lost.</exception>
    Task Start();

    /// <summary>Ends what still runs. Afterwards <see cref="Report"/> is final, or, of a lost worker, the last that is known.</summary>
    Task StopAsync();
}
