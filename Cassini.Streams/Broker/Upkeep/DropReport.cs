using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Events;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>
/// Publishes how many messages were dropped since the last report: one event for each of the sessions that lost most, and one for the
/// sum of all others. Run by the housekeeper.
/// </summary>
internal sealed class DropReport(SessionTable sessions, BrokerCounters counters, BrokerEvents events, TimeProvider time)
{
    /// <summary>How many sessions one report names.</summary>
    private const int MaxNamed = 10;

    private long _reported;

    public async ValueTask PublishAsync()
    {
        // Read before the sessions, which count each loss first: what they lose meanwhile is reported with their names now, and is in the
        // sum the next time.
        var dropped = counters.Dropped;
        if (dropped <= _reported)
        {
            return;
        }

        var losers = await TakeLosersAsync().ConfigureAwait(false);
        foreach (var (clientId, count) in losers.Take(MaxNamed))
        {
            events.Publish(new MessagesDropped(clientId, count));
            _reported += count;
        }

        var unnamed = Math.Max(dropped - _reported, losers.Skip(MaxNamed).Sum(loser => loser.Count));
        if (unnamed > 0)
        {
            events.Publish(new MessagesDropped(null, unnamed));
            _reported += unnamed;
        }
    }

    private async ValueTask<List<(string ClientId, long Count)>> TakeLosersAsync()
    {
        var losers = new List<(string ClientId, long Count)>();
        var pieces = new Pieces(time);
        var now = time.GetTimestamp();
        foreach (var session in sessions.All)
        {
            if (session.Losses.TakeDropped(now) is var count and > 0)
            {
                losers.Add((session.ClientId, count));
            }

            await pieces.TakeAsync(1).ConfigureAwait(false);
        }

        losers.Sort((left, right) => right.Count.CompareTo(left.Count));
        return losers;
    }
}
