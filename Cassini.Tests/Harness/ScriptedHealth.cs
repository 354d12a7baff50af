using Cassini.Harness.Health;
using Cassini.Streams.Events;
using Cassini.Tests.Support;

namespace Cassini.Tests.Harness;

/// <summary>A broker whose health is what the test says.</summary>
internal sealed class ScriptedHealth(string broker = "b") : IBrokerHealth
{
    private readonly RawSource<BrokerCondition> _source = new();

    public Func<TimeSpan, CancellationToken, Task> Ready { get; init; } = (_, _) => Task.CompletedTask;

    public IObservable<BrokerCondition> Conditions => _source;

    public Task WaitUntilReadyAsync(TimeSpan timeout, CancellationToken cancellation) => Ready(timeout, cancellation);

    public void Becomes(HealthStatus status, string why = "") => _source.Observer!.OnNext(new BrokerCondition(broker, status, true, why));

    public void Fails(Exception exception) => _source.Observer!.OnError(exception);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
