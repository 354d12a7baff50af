using System.Text;
using Cassini.Streams.Broker.Routing;

namespace Cassini.Tests.Broker;

/// <summary>Filters without wildcards as nodes say them to each other.</summary>
internal static class TopicHashes
{
    public static IEnumerable<ulong> Of(params IEnumerable<string> topics) =>
        topics.Select(topic => HashedTopics.HashOf(Encoding.UTF8.GetBytes(topic)));
}
