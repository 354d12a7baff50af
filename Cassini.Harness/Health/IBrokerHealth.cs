using Cassini.Streams.Events;

namespace Cassini.Harness.Health;

/// <summary>The health of one broker of the plan, as its feed tells it.</summary>
internal interface IBrokerHealth : IAsyncDisposable
{
    /// <summary>
    /// Every change, beginning with the condition at the time of the subscription if one is known. One at a time; ends only with the
    /// feed itself.
    /// </summary>
    IObservable<BrokerCondition> Conditions { get; }

    /// <summary>Ends when the broker is ready.</summary>
    /// <exception cref="BrokerWaitException">It was not in time, it gave up, or it refuses us.</exception>
    Task WaitUntilReadyAsync(TimeSpan timeout, CancellationToken cancellation);
}

/// <summary>How a broker is.</summary>
/// <param name="Broker">Its name in the plan.</param>
/// <param name="Status">Its status; unknown while the feed is lost.</param>
/// <param name="Ready">Whether it can serve new clients.</param>
/// <param name="Why">The reasons, for people.</param>
internal sealed record BrokerCondition(string Broker, HealthStatus Status, bool Ready, string Why);
