using Cassini.Harness.Verdicts;
using Cassini.Streams.Events;

namespace Cassini.Harness.Health;

/// <summary>The health of one broker of the plan.</summary>
internal interface IBrokerHealth : IAsyncDisposable
{
    /// <summary>
    /// The condition at the time of the subscription, if one is known, and then each change. One at a time; ends only with the feed itself.
    /// </summary>
    IObservable<BrokerCondition> Conditions { get; }

    /// <summary>Ends when the broker is ready.</summary>
    /// <exception cref="HarnessException">It was not ready in time, it gave up, or it refuses the request.</exception>
    Task WaitUntilReadyAsync(TimeSpan timeout, CancellationToken cancellation);
}

/// <summary>The condition of a broker.</summary>
/// <param name="Broker">Its name in the plan.</param>
/// <param name="Status">Its status; unknown while the connection to the feed is lost.</param>
/// <param name="Ready">Whether it can serve new clients.</param>
/// <param name="Why">The reasons, for people.</param>
internal sealed record BrokerCondition(string Broker, HealthStatus Status, bool Ready, string Why);
