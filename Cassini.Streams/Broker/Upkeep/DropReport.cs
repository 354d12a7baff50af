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
        var dropped = counters.Dropped;
        if (dropped == _reported)
        {
            return;
        }

        var unnamed = dropped - _reported;
        _reported = dropped;
        var losers = sessions.All
            .Select(session => (session.ClientId, Count: session.Losses.TakeDropped()))
            .Where(loser => loser.Count > 0)
            .OrderByDescending(loser => loser.Count)
            .ToList();
        foreach (var (clientId, count) in losers.Take(MaxNamed))
        {
            events.Publish(new MessagesDropped(clientId, count));
            unnamed -= count;
        }

        if (unnamed > 0)
        {
            events.Publish(new MessagesDropped(null, unnamed));
        }
    }
}
