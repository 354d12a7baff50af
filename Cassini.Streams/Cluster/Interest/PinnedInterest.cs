using Cassini.Streams.Broker.Routing;

namespace Cassini.Streams.Cluster.Interest;

/// <summary>
/// What a peer wanted for its kept sessions when it was lost. It is wanted as long as something is kept for them: the peer may be back
/// without one of them, and it is not known yet where that is. For one thread at a time.
/// </summary>
internal sealed class PinnedInterest
{
    private HashSet<string> _filters = [];
    private HashSet<ulong> _topics = [];

    /// <summary>These stay wanted, until others do.</summary>
    /// <param name="filters">Filters with wildcards.</param>
    /// <param name="topics">The hashes of filters without.</param>
    public void Set(IEnumerable<string> filters, IEnumerable<ulong> topics) =>
        (_filters, _topics) = (filters.ToHashSet(StringComparer.Ordinal), topics.ToHashSet(HashComparer.Instance));

    /// <summary>Whether nothing stays wanted.</summary>
    public bool IsEmpty => _filters.Count == 0 && _topics.Count == 0;

    /// <summary>A change as it is when these stay wanted.</summary>
    public InterestDelta AddTo(InterestDelta change)
    {
        if (IsEmpty)
        {
            return change;
        }

        var wanted = change.Wanted.Where(one => !_filters.Contains(one.Filter));
        var topics = change.Topics.Where(one => !_topics.Contains(one.Hash));
        var isAll = change.From == 0;
        return change with
        {
            Wanted = [.. wanted, .. isAll ? _filters.Select(filter => new WantedFilter(filter, FilterClass.Kept)) : []],
            Unwanted = [.. change.Unwanted.Where(filter => !_filters.Contains(filter))],
            Topics = [.. topics, .. isAll ? _topics.Select(topic => new WantedTopic(topic, FilterClass.Kept)) : []],
        };
    }
}
