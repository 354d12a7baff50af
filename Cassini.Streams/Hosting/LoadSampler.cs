using Cassini.Streams.Broker;
using Cassini.Streams.Events;
using Cassini.Streams.Listening;

namespace Cassini.Streams.Hosting;

/// <summary>
/// Traffic is counted where it flows and sampled here: message traffic itself never becomes an event. A sample that
/// says nothing new is not told.
/// </summary>
internal sealed class LoadSampler(ListenerManager listeners, MqttBroker? broker, IEventPublisher events, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    public async Task RunAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Interval, time);
        LoadSampled? last = null;
        do
        {
            var sample = new LoadSampled(broker?.Statistics.QueuedMessages ?? 0, listeners.OpenSessions, listeners.BytesReceived, listeners.BytesSent);
            if (sample != last)
            {
                events.Publish(sample);
                last = sample;
            }
        }
        while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false));
    }
}
