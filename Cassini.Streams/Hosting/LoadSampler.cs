using Cassini.Streams.Events;
using Cassini.Streams.Listening;

namespace Cassini.Streams.Hosting;

/// <summary>
/// Samples the counters of the traffic, because message traffic itself never becomes an event. A sample without change is published
/// only from time to time.
/// </summary>
internal sealed class LoadSampler(ListenerManager listeners, IHostedProtocol protocol, IEventPublisher events, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Between samples, events adjust a reader's count of topics. An event can follow a sample that already counted its topic, and only
    /// a repeated sample corrects that.
    /// </summary>
    private const int MostLeftOut = 11;

    public async Task RunAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Interval, time);
        LoadSampled? last = null;
        var leftOut = 0;
        do
        {
            var sample = Take();
            if (sample != last || leftOut == MostLeftOut)
            {
                events.Publish(sample);
                last = sample;
                leftOut = 0;
            }
            else
            {
                leftOut++;
            }
        }
        while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false));
    }

    private LoadSampled Take() => protocol.Sample(listeners.ConnectionUse, listeners.BytesReceived, listeners.BytesSent);
}
