using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Routing;

/// <summary>Delivers messages to their subscribers. Thread-safe.</summary>
internal sealed class Router(TopicTable topics, RetainedMessages retained, TimeProvider time)
{
    /// <summary>Retains the message if its publisher asked for that, and delivers a copy to each subscriber.</summary>
    public RouteResult Publish(ref Publication message, FlushSet flushes)
    {
        var isRetained = true;
        var place = long.MaxValue;
        if (message.Retain)
        {
            var stored = message.Retained(time);
            isRetained = retained.Set(stored, message.Account);
            place = stored.RetainedPlace;
        }

        var topic = message.Topic;
        topic.UsedAt = message.ReceivedAt;
        var route = topics.RouteOf(topic);
        foreach (var subscription in route.Subscriptions)
        {
            // A subscription with a later number has found the message among the retained ones: it must not get it twice.
            if (subscription.For(message.Publisher) is { } effective && effective.Place < place)
            {
                effective.Subscriber.Deliver(ref message, effective, flushes);
            }
        }

        foreach (var group in route.Groups)
        {
            if (group.Next() is { } member)
            {
                member.Subscriber.Deliver(ref message, member, flushes);
            }
        }

        return new RouteResult(!route.IsEmpty, isRetained);
    }
}

/// <summary>What happened to a message.</summary>
/// <param name="HasSubscribers">Whether a subscription matched its topic.</param>
/// <param name="IsRetainedAsAsked">Whether it was retained, if its publisher asked for that.</param>
internal readonly record struct RouteResult(bool HasSubscribers, bool IsRetainedAsAsked);
