using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Routing;

/// <summary>Subscriptions beside those in the tree, which are found by the hash of a topic. Any thread, without a lock.</summary>
internal interface IHashedSubscriptions
{
    /// <summary>The one that is for a topic; null for none.</summary>
    /// <param name="topic"><see cref="HashedTopics.HashOf"/> the topic.</param>
    Subscription? Find(ulong topic);
}
