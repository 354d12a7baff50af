using Cassini.Streams.Broker.Routing;

namespace Cassini.Streams.Cluster.Interest;

/// <summary>A topic that a node wants the messages of, or no more: a filter without wildcards. Nodes say only a hash of it.</summary>
/// <param name="Value">As nodes say it: the hash, and in its lowest bits what is wanted, 0 for nothing any more.</param>
internal readonly record struct WantedTopic(ulong Value)
{
    /// <param name="hash"><see cref="HashedTopics.HashOf"/> the topic.</param>
    /// <param name="wanted">What of its messages; null for nothing any more.</param>
    public WantedTopic(ulong hash, FilterClass? wanted)
        : this(hash | (uint)MarkOf(wanted))
    {
    }

    /// <summary>The hash of the topic.</summary>
    public ulong Hash => Value & ~HashedTopics.MarkBits;

    /// <summary>What is wanted, as <see cref="HashedTopics"/> keeps it; 0 for nothing any more.</summary>
    public int Mark => (int)(Value & HashedTopics.MarkBits);

    /// <summary>The mark of a class.</summary>
    public static int MarkOf(FilterClass? wanted) => wanted is { } some ? (int)some + 1 : 0;
}
