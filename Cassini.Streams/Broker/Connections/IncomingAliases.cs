using System.Runtime.CompilerServices;
using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Connections;

/// <summary>The topic aliases that a client has set (MQTT 5.0 §3.3.2.3.4). For the connection's reader.</summary>
/// <param name="max">The highest that it may set.</param>
/// <param name="topics">The topics that it publishes to.</param>
/// <param name="memory">The memory of its identity.</param>
internal sealed class IncomingAliases(int max, TopicCache topics, AccountMemory memory)
{
    /// <summary>The memory of the name of a denied topic, beside its bytes.</summary>
    private const int Overhead = 64;

    private CachedTopic[]? _places;
    private Dictionary<ushort, byte[]>? _denied;

    private int Cost => (max + 1) * Unsafe.SizeOf<CachedTopic>();

    /// <summary>Sets an alias, if the packet has a topic name, or finds the topic that it stands for.</summary>
    /// <returns>Why the connection must end; null when it goes on.</returns>
    public CloseOrder? Resolve(in PublishPacket packet, ushort alias, out CachedTopic topic)
    {
        topic = default;
        if (alias > max)
        {
            return new CloseOrder(
                ReasonCode.TopicAliasInvalid,
                CloseReason.ProtocolError,
                $"topic alias {alias}; the highest that was announced is {max}",
                "MQTT-3.3.2-9");
        }

        if (!packet.Topic.IsEmpty)
        {
            topic = topics.Get(packet.Topic);
            return TrySet(alias, topic, packet.Topic) ? null : new CloseOrder(
                ReasonCode.QuotaExceeded, CloseReason.OutOfMemory, "there is no memory for one more topic alias");
        }

        topic = _places is null ? default : _places[alias];
        if (topic == default)
        {
            return new CloseOrder(
                ReasonCode.ProtocolError, CloseReason.ProtocolError, $"topic alias {alias} stands for no topic", "§3.3.2.3.4");
        }

        if (topic.Topic is { IsRemoved: true } || !topics.IsCurrent(topic))
        {
            topic = topics.Get(NameOf(alias));
            if (topic.Topic is not null && topics.TryKeep(ref _places![alias], topic))
            {
                // Otherwise it is looked up again the next time: one that is denied now may be allowed again.
                Forget(alias);
            }
        }

        return null;
    }

    /// <summary>The name that an alias stands for; empty for none.</summary>
    public ReadOnlySpan<byte> NameOf(ushort alias) =>
        _denied?.GetValueOrDefault(alias) ?? (_places?[alias].Topic?.Utf8 ?? []);

    /// <summary>The client is gone.</summary>
    public void Clear()
    {
        if (_places is null)
        {
            return;
        }

        foreach (ref var place in _places.AsSpan())
        {
            topics.TryKeep(ref place, default);
        }

        foreach (var alias in _denied?.Keys.ToArray() ?? [])
        {
            Forget(alias);
        }

        _places = null;
        memory.Return(Cost);
    }

    /// <returns>False when there is no memory for it: then what uses it later could not be understood.</returns>
    private bool TrySet(ushort alias, CachedTopic topic, ReadOnlySpan<byte> name)
    {
        if (_places is null)
        {
            if (!memory.TryTake(Cost))
            {
                return false;
            }

            _places = new CachedTopic[max + 1];
        }

        ref var place = ref _places[alias];
        Forget(alias);
        if (topic.Topic is null)
        {
            // The rules may allow it later, and then a packet may have the alias alone.
            if (!memory.TryTake(Overhead + name.Length))
            {
                return false;
            }

            (_denied ??= []).Add(alias, name.ToArray());
        }

        return topics.TryKeep(ref place, topic) || topic.Topic!.Utf8.AsSpan().SequenceEqual(place.Topic?.Utf8);
    }

    private void Forget(ushort alias)
    {
        if (_denied is not null && _denied.Remove(alias, out var name))
        {
            memory.Return(Overhead + name.Length);
        }
    }
}
