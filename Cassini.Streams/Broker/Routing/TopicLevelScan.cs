using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Routing;

/// <summary>
/// Finds the names of one level. It remembers and sorts only as many as are asked for, however many there are: one that is among the first
/// in the end was so all the time, and so all topics below it were counted.
/// </summary>
internal sealed class TopicLevelScan
{
    private static readonly Comparer<byte[]> ByBytes = Comparer<byte[]>.Create((left, right) => left.AsSpan().SequenceCompareTo(right));

    private readonly byte[] _prefix;
    private readonly byte[]? _after;
    private readonly int _limit;
    private readonly SortedSet<byte[]> _first = new(ByBytes);
    private readonly Dictionary<byte[], Found> _byName = new(TopicBytes.Comparer);
    private byte[]? _last;
    private int _topics;
    private bool _hasMore;

    public TopicLevelScan(TopicLevelQuery level)
    {
        _prefix = level.Under is null ? [] : MqttText.Encode(level.Under + "/");
        _after = level.After is null ? null : MqttText.Encode(level.After);
        _limit = level.Limit;
    }

    public void Look(Topic topic)
    {
        if (!topic.Utf8.AsSpan().StartsWith(_prefix))
        {
            return;
        }

        _topics++;
        var rest = topic.Utf8.AsSpan(_prefix.Length);
        var slash = rest.IndexOf(TopicName.Separator);
        var name = slash < 0 ? rest : rest[..slash];
        if (_after is null || name.SequenceCompareTo(_after) > 0)
        {
            Find(name)?.Add(topic, isBelow: slash >= 0);
        }
    }

    public TopicLevel Result(Func<Topic, TopicInfo> describe) =>
        new(_topics, _hasMore, [.. _first.Select(name => _byName[name].Describe(describe))]);

    /// <returns>Null when it is not among the first.</returns>
    private Found? Find(ReadOnlySpan<byte> name)
    {
        if (_byName.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(name, out var known))
        {
            return known;
        }

        if (_last is not null && name.SequenceCompareTo(_last) > 0)
        {
            _hasMore = true;
            return null;
        }

        var found = new Found(name.ToArray());
        _first.Add(found.Name);
        _byName.Add(found.Name, found);
        if (_first.Count > _limit)
        {
            _hasMore = true;
            _first.Remove(_last!);
            _byName.Remove(_last!);
        }

        _last = _first.Count == _limit ? _first.Max : null;
        return found;
    }

    private sealed class Found(byte[] name)
    {
        private Topic? _topic;
        private int _below;

        public byte[] Name => name;

        public void Add(Topic topic, bool isBelow)
        {
            if (isBelow)
            {
                _below++;
            }
            else
            {
                _topic = topic;
            }
        }

        public TopicChild Describe(Func<Topic, TopicInfo> describe) =>
            new(MqttText.Decode(name), _topic is null ? null : describe(_topic), _below);
    }
}
