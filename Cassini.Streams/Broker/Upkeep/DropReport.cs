using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Events;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>
/// Publishes how many messages were dropped since the last report: one event for each of the sessions that lost most, and one for the
/// sum of all others. Run by the housekeeper.
/// </summary>
internal sealed class DropReport(SessionTable sessions, BrokerCounters counters, BrokerEvents events)
{
    /// <summary>How many sessions one report names.</summary>
    private const int MaxNamed = 10;

    private long _reported;

    public void Publish()
    {
        // Read before the sessions, which count each loss first: what they lose meanwhile is reported with their names now, and is in the
        // sum the next time.
        var dropped = counters.Dropped;
        if (dropped <= _reported)
        {
            return;
        }

        var losers = sessions.All
            .Select(session => (session.ClientId, Count: session.Losses.TakeDropped()))
            .Where(loser => loser.Count > 0)
            .OrderByDescending(loser => loser.Count)
            .ToList();
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
}
