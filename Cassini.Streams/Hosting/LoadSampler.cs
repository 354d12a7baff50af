using Cassini.Streams.Events;

namespace Cassini.Streams.Hosting;

/// <summary>
/// Samples the counters of the traffic, because message traffic itself never becomes an event. A sample without change is published
/// only from time to time, unless a limit is reached.
/// </summary>
/// <param name="take">Takes a sample.</param>
/// <param name="events">Where samples are published.</param>
/// <param name="time">The clock.</param>
internal sealed class LoadSampler(Func<LoadSampled> take, IEventPublisher events, TimeProvider time)
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
            var sample = take();

            // Health calls memory full only when a second sample is at the limit, so in a standstill that one matters too.
            if (sample != last || leftOut == MostLeftOut || sample.Capacity is { IsAtLimit: true })
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
}
