using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Outgoing;

/// <summary>
/// The aliases that the broker gives to topics on one connection (MQTT 5.0 §3.3.2.3.4): the first topics get one and keep it. Belongs to
/// the outbox's lock, because a client must learn an alias before it is used.
/// </summary>
internal sealed class TopicAliases(int max)
{
    private readonly Dictionary<byte[], ushort> _aliases = new(TopicBytes.Comparer);

    /// <summary>The topic's alias; 0 when it has none.</summary>
    public ushort For(Topic topic, out bool isNew)
    {
        isNew = false;
        if (_aliases.TryGetValue(topic.Utf8, out var alias))
        {
            return alias;
        }

        if (_aliases.Count == max)
        {
            return 0;
        }

        isNew = true;
        alias = (ushort)(_aliases.Count + 1);
        _aliases.Add(topic.Utf8, alias);
        return alias;
    }

    /// <summary>Undoes the last new alias, because the packet that introduces it is not sent.</summary>
    public void TakeBack(Topic topic) => _aliases.Remove(topic.Utf8);
}
