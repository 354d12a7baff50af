using Cassini.Streams.Events;
using Cassini.Streams.Listening;

namespace Cassini.Streams.Hosting;

/// <summary>
/// Traffic is counted where it flows and sampled here: message traffic itself never becomes an event. A sample that
/// says nothing new is published only now and then.
/// </summary>
internal sealed class LoadSampler(ListenerManager listeners, IHostedProtocol protocol, IEventPublisher events, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Events move a reader's count of topics between samples, and one can come in behind a sample that has counted its topic
    /// already: the same sample again sets that right.
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

    private LoadSampled Take() => protocol.Sample(listeners.OpenConnections, listeners.BytesReceived, listeners.BytesSent);
}
