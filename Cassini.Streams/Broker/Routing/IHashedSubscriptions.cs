using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Routing;

/// <summary>Subscriptions beside those in the tree, which are found by the hash of a topic. Any thread, without a lock.</summary>
internal interface IHashedSubscriptions
{
    /// <summary>The subscription to a topic; null when there is none.</summary>
    /// <param name="topic"><see cref="HashedTopics.HashOf"/> the topic.</param>
    Subscription? Find(ulong topic);
}
