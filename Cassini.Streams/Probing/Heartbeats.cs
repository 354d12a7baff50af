using System.Threading.Channels;
using Cassini.Streams.Events;
using Cassini.Streams.Listening;

namespace Cassini.Streams.Probing;

/// <summary>Pings the manager. One that does not answer is waited for: silence is what turns health red, not a pile of pings.</summary>
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
                return; // the manager was stopped: there is nobody left to ask
            }
        }
        while (await interval.WaitForNextTickAsync(cancellationToken));
    }
}
