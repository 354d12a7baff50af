using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Routing;

/// <summary>Delivers messages to their subscribers. Thread-safe.</summary>
internal sealed class Router(TopicTable topics, RetainedMessages retained, TimeProvider time)
{
    /// <summary>Bytes that are copied in one step.</summary>
    private const int BytesInAStep = 4096;

    /// <summary>
    /// Retains the message if its publisher asked for that, and delivers a copy to each subscriber, as far as the slice allows.
    /// </summary>
    /// <param name="message">The message. Call it again with the same one while it is not done.</param>
    /// <param name="progress">How far it has come.</param>
    /// <param name="slice">How much may be done.</param>
    /// <param name="flushes">Collects the outboxes that must be flushed.</param>
    /// <returns>Whether it is done.</returns>
    public bool Publish(ref Publication message, ref RouteProgress progress, ref WorkSlice slice, FlushSet flushes)
    {
        var route = progress.Route ??= Begin(ref message, ref progress, ref slice, flushes);
        message.Change = progress.Change;
        var steps = 1 + ((message.Payload.Length + message.Properties.Length) / BytesInAStep);
        while (progress.Next < route.Subscribers)
        {
            if (slice.IsOver)
            {
                return false;
            }

            var from = progress.Next;
            progress.Next = Math.Min(route.Subscribers, from + slice.Until(steps));
            Deliver(ref message, route, from, progress.Next, progress.Place, flushes);
            slice.Take(steps * (progress.Next - from), flushes);
        }

        return true;
    }

    /// <summary>Whether a topic has a subscriber that keeps messages of QoS 1 and 2 when it cannot be reached.</summary>
    public bool HasKeepers(Topic topic, ref WorkSlice slice) => RouteOf(topic, ref slice).HasKeeper(ref slice);

    private Route Begin(ref Publication message, ref RouteProgress progress, ref WorkSlice slice, FlushSet flushes)
    {
        progress.Place = long.MaxValue;
        progress.IsRetainedAsAsked = true;
        if (message.IsOfPeer)
        {
            progress.Change = message.Change;
            if (message.Change is { } change)
            {
                var verdict = retained.Apply(message.Retained(time), message.Account, change.Stamp, out progress.Place);
                progress.IsRetainedAsAsked = verdict != RetainedVerdict.NoRoom;
            }
        }
        else if (message.Retain)
        {
            var stored = message.Retained(time);
            progress.IsRetainedAsAsked = retained.Set(stored, message.Account, out var stamp);
            progress.Place = stored.RetainedPlace;
            if (stamp.IsGiven)
            {
                message.Change = progress.Change = new RetainedChange(stamp, message.Account.Identity, stored.ExpiresAtUtc(time));
                retained.SendToPeers(ref message, flushes);
            }
        }

        var topic = message.Topic;
        topic.UsedAt = message.ReceivedAt;
        return RouteOf(topic, ref slice);
    }

    private Route RouteOf(Topic topic, ref WorkSlice slice)
    {
        var known = topic.Route;
        var route = topics.RouteOf(topic);
        if (!ReferenceEquals(route, known))
        {
            slice.Take(1 + route.Steps);
        }

        return route;
    }

    private static void Deliver(ref Publication message, Route route, int from, int to, long place, FlushSet flushes)
    {
        var own = route.Subscriptions.Length;
        if (from < own)
        {
            foreach (var subscription in route.Subscriptions.AsSpan(from, Math.Min(to, own) - from))
            {
                // A subscription with a later number has found the message among the retained ones: it must not get it twice.
                if (subscription.For(message.Publisher) is { } effective && effective.Place < place && message.IsFor(effective.Subscriber))
                {
                    effective.Subscriber.Deliver(ref message, effective, flushes);
                }
            }
        }

        // Whose turn it is was decided where it was published.
        for (var at = message.IsOfPeer ? to : Math.Max(from, own); at < to; at++)
        {
            if (route.Groups[at - own].Next() is { } member)
            {
                member.Subscriber.Deliver(ref message, member, flushes);
            }
        }
    }
}
