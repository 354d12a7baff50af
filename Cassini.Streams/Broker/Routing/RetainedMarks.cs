using Cassini.Streams.Broker.Model;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Routing;

/// <summary>
/// Topics whose retained message was removed, and when: so that a node that has not heard of it does not bring it back. Kept for a while,
/// and only so many. Not thread-safe.
/// </summary>
/// <param name="most">How many are kept at most.</param>
/// <param name="age">How long they are kept.</param>
/// <param name="memory">The broker's own memory: it pays.</param>
/// <param name="time">The one clock.</param>
internal sealed class RetainedMarks(int most, TimeSpan age, AccountMemory memory, TimeProvider time)
{
    /// <summary>About what one takes, beside its topic.</summary>
    private const int Cost = 200;

    private static readonly Comparer<(RetainedStamp Stamp, byte[] Topic)> ByStamp =
        Comparer<(RetainedStamp Stamp, byte[] Topic)>.Create((left, right) => left.Stamp.CompareTo(right.Stamp) is not 0 and var order
            ? order
            : left.Topic.AsSpan().SequenceCompareTo(right.Topic));

    private readonly Dictionary<byte[], RetainedStamp> _marks = new(TopicBytes.Comparer);
    private readonly SortedSet<(RetainedStamp Stamp, byte[] Topic)> _oldest = new(ByStamp);

    /// <summary>How many there are.</summary>
    public int Count => _marks.Count;

    /// <summary>About how many bytes they take.</summary>
    public long Bytes { get; private set; }

    /// <summary>The greatest stamp of those that are not kept any more, as far as this node knew of everything that came before.</summary>
    public RetainedStamp Floor { get; private set; }

    /// <summary>All of them.</summary>
    public (byte[] Topic, RetainedStamp Stamp)[] All => [.. _marks.Select(pair => (pair.Key, pair.Value))];

    /// <summary>When a topic's message was removed; the default when that is not known.</summary>
    public RetainedStamp Of(ReadOnlySpan<byte> topic) =>
        _marks.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(topic, out var stamp) ? stamp : default;

    /// <summary>A topic's message was removed.</summary>
    public void Put(byte[] topic, RetainedStamp stamp)
    {
        Remove(topic);
        _marks[topic] = stamp;
        _oldest.Add((stamp, topic));
        Account(topic, 1);
    }

    /// <summary>A topic has a message again.</summary>
    public void Remove(ReadOnlySpan<byte> topic)
    {
        if (_marks.GetAlternateLookup<ReadOnlySpan<byte>>().Remove(topic, out var known, out var stamp))
        {
            _oldest.Remove((stamp, known));
            Account(known, -1);
        }
    }

    /// <summary>What an earlier run knew of those that are not kept any more.</summary>
    public void Restore(RetainedStamp floor) => Floor = floor > Floor ? floor : Floor;

    /// <summary>Drops those that are too old or too many.</summary>
    /// <param name="knownUpTo">This node has heard of every change before this.</param>
    /// <param name="atOnce">How many it drops at most.</param>
    /// <returns>Whether <see cref="Floor"/> is another one now.</returns>
    public bool Trim(ulong knownUpTo, int atOnce)
    {
        var before = Floor;
        var old = RetainedStamp.ClockOf((time.GetUtcNow() - age).ToUnixTimeMilliseconds());
        for (; atOnce > 0 && _oldest.Count > 0 && (_oldest.Count > most || _oldest.Min.Stamp.Clock < old); atOnce--)
        {
            var (stamp, topic) = _oldest.Min;
            Remove(topic);
            Restore(stamp.Clock <= knownUpTo ? stamp : new RetainedStamp(knownUpTo, 0));
        }

        return Floor != before;
    }

    private void Account(byte[] topic, int sign)
    {
        var cost = sign * (Cost + topic.Length);
        Bytes += cost;
        if (cost > 0)
        {
            memory.Take(cost);
        }
        else
        {
            memory.Return(-cost);
        }
    }
}
