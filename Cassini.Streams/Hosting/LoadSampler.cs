using Cassini.Streams.Events;

namespace Cassini.Streams.Hosting;

/// <summary>
/// Samples the counters of the traffic, because message traffic itself never becomes an event. A sample without change is published
/// only from time to time, unless a limit is reached. The process's figures ride along, and are no change unless they moved far.
/// </summary>
/// <param name="take">Takes a sample, without the process's figures.</param>
/// <param name="process">The process's figures.</param>
/// <param name="events">Where samples are published.</param>
/// <param name="time">The clock.</param>
internal sealed class LoadSampler(Func<LoadSampled> take, ProcessWatch process, IEventPublisher events, TimeProvider time)
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
            var load = process.Take(out var reading);

            // Health calls memory full only when a second sample is at the limit, so in a standstill that one matters too.
            if (sample != last || leftOut == MostLeftOut || sample.Capacity is { IsAtLimit: true } || process.IsNews(load))
            {
                events.Publish(sample with { Process = load });
                process.Published(load, reading);
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
