using System.Text.Json;
using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Health;

namespace Cassini.Streams.Hosting;

/// <summary>
/// Retains the health snapshot, the body of <c>/healthz</c>, under <c>$SYS/broker/health</c>: anew with each revision, the latest
/// when several come at once, and when the projection itself has gone stale, which is no revision.
/// </summary>
internal sealed class HealthTopic(HealthProjection health, MqttBroker broker, TimeProvider time)
{
    public const string Topic = "$SYS/broker/health";

    /// <summary>How often staleness is looked for.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private volatile State? _told;

    /// <summary>Tells each change until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        var change = NextChangeAsync(cancellationToken);
        var look = timer.WaitForNextTickAsync(cancellationToken).AsTask();
        while (true)
        {
            Tell();
            var first = await Task.WhenAny(change, look).ConfigureAwait(false);
            await first.ConfigureAwait(false);
            if (first == look)
            {
                look = timer.WaitForNextTickAsync(cancellationToken).AsTask();
            }
            else
            {
                change = NextChangeAsync(cancellationToken);
            }
        }
    }

    /// <summary>Tells the present state unless it was told already. For one thread at a time.</summary>
    public void Tell()
    {
        var snapshot = health.Current;
        if (_told != State.Of(snapshot))
        {
            broker.PublishSystem(Topic, JsonSerializer.SerializeToUtf8Bytes(snapshot, HealthJson.Snapshot));
            _told = State.Of(snapshot);
        }
    }

    private Task NextChangeAsync(CancellationToken cancellationToken) => health.WaitForAsync(snapshot => _told != State.Of(snapshot), cancellationToken);

    /// <summary>What must differ for a snapshot to be told.</summary>
    private sealed record State(long Revision, HealthStatus Status, bool Ready, bool Live)
    {
        public static State Of(HealthSnapshot snapshot) => new(snapshot.Revision, snapshot.Status, snapshot.Ready, snapshot.Live);
    }
}
