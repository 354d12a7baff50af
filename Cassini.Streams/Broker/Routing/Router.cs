using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Routing;

/// <summary>Takes a message to everyone who asked for it. Thread-safe.</summary>
internal sealed class Router(TopicTable topics, RetainedMessages retained, TimeProvider time)
{
    /// <summary>Retains the message if it says so, and hands a copy to each subscriber.</summary>
    /// <returns>Whether somebody asked for it; and whether it was retained, if it should be.</returns>
    public RouteResult Publish(ref Publication message, FlushSet flushes)
    {
        var isRetained = !message.Retain || retained.Set(message.Retained(time));
        var topic = message.Topic;
        topic.UsedAt = message.ReceivedAt;
        var route = topics.RouteOf(topic);
        foreach (var subscription in route.Subscriptions)
        {
            if (subscription.For(message.Publisher) is { } effective)
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

/// <summary>What became of a message.</summary>
internal readonly record struct RouteResult(bool HasSubscribers, bool IsRetainedAsAsked);
