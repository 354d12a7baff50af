using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>What time does in the broker: keep alive, session expiry, waiting wills, unused topics, statistics.</summary>
internal sealed class Housekeeper(BrokerCore core, string version)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan DropInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(10);

    /// <summary>Sessions that lost messages and are named in one second.</summary>
    private const int NamedLosers = 10;

    private readonly SysTopics _sys = new(core);
    private long _toldDrops;
    private long _droppedAt;
    private long _sweptAt;
    private long _sysAt;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, core.Time);
        Begin();
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            Work();
        }
    }

    /// <summary>What is done at once.</summary>
    internal void Begin()
    {
        _droppedAt = _sweptAt = _sysAt = core.Time.GetTimestamp();
        _sys.Publish(version);
    }

    /// <summary>Does what is due by now. One call at a time.</summary>
    internal void Work()
    {
        LookAtSessions(core.Time.GetTimestamp());
        if (IsDue(ref _droppedAt, DropInterval))
        {
            TellDrops();
        }

        if (IsDue(ref _sweptAt, SweepInterval))
        {
            core.Retained.Sweep();
            core.Topics.Sweep(topic => core.Retained.Get(topic.Utf8) is not null);
        }

        if (IsDue(ref _sysAt, core.Options.SysInterval))
        {
            _sys.Publish(version);
        }
    }

    private bool IsDue(ref long at, TimeSpan interval)
    {
        if (core.Time.GetElapsedTime(at) < interval)
        {
            return false;
        }

        at = core.Time.GetTimestamp();
        return true;
    }

    private void LookAtSessions(long now)
    {
        foreach (var session in core.Sessions.All)
        {
            if (session.Connection is { } connection)
            {
                if (connection is { LongestSilence: { } longest, IsHeldBack: false } && core.Time.GetElapsedTime(connection.LastPacketAt, now) >= longest)
                {
                    // [MQTT-3.1.2-22]; 3.1.1: [MQTT-3.1.2-24]
                    connection.Close(new CloseOrder(ReasonCode.KeepAliveTimeout, CloseReason.KeepAliveTimeout));
                }

                continue;
            }

            core.Publish(session.TakeDueWill(now), session);
            var end = session.EndIfExpired(now);
            if (end.Ended)
            {
                core.Counters.AddEnded(SessionEndReason.Expired);
                end.Turn!.Publish(
                    core.Events, core.EventAllowance.TryTake() ? new SessionEnded(session.ClientId, SessionEndReason.Expired) : null);
                core.Sessions.Remove(session);
                core.Publish(end.Will, session);
            }
        }
    }

    private void TellDrops()
    {
        var dropped = core.Counters.Dropped;
        if (dropped == _toldDrops)
        {
            return;
        }

        var unnamed = dropped - _toldDrops;
        _toldDrops = dropped;
        var losers = core.Sessions.All
            .Select(session => (session.ClientId, Count: session.TakeDropped()))
            .Where(loser => loser.Count > 0)
            .OrderByDescending(loser => loser.Count)
            .ToList();
        foreach (var (clientId, count) in losers.Take(NamedLosers))
        {
            core.Events.Publish(new MessagesDropped(clientId, count));
            unnamed -= count;
        }

        if (unnamed > 0)
        {
            core.Events.Publish(new MessagesDropped(null, unnamed));
        }
    }
}
