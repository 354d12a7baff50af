using System.Threading.Channels;
using Cassini.Streams.Events;
using Cassini.Streams.Listening;

namespace Cassini.Streams.Probing;

/// <summary>
/// Pings the manager. It waits for each answer before the next ping, because silence must turn health red without a queue of pings.
/// </summary>
internal sealed class Heartbeats(ProbingOptions options, ListenerManager manager, IEventPublisher events, TimeProvider time)
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var interval = new PeriodicTimer(options.HeartbeatInterval, time);
        do
        {
            var sentAt = time.GetTimestamp();
            try
            {
                var report = await manager.PingAsync(cancellationToken);
                events.Publish(new HeartbeatReceived(time.GetElapsedTime(sentAt), report.LiveConnections, report.CountedAt));
            }
            catch (Exception stopped) when (stopped is ChannelClosedException or OperationCanceledException
                && !cancellationToken.IsCancellationRequested)
            {
                return; // the manager was stopped, so no ping can be answered
            }
        }
        while (await interval.WaitForNextTickAsync(cancellationToken));
    }
}
