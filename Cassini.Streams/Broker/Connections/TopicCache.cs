using System.Buffers.Binary;
using Cassini.Streams.Broker.Access;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Connections;

/// <summary>
/// The topics that one client publishes to, each with whether it may. The usual message costs one comparison here instead of a search
/// of the topics and of the access rules. A verdict of rules that are no longer in force is not used. Holds fewer while its identity may
/// take no more memory. For the connection's reader.
/// </summary>
internal sealed class TopicCache(BrokerOptions options, TopicTable topics, ClientRights rights, AccountMemory memory)
{
    private const int FirstSize = 8;
    private const int LargestSize = 1024;

    /// <summary>The memory of a place, in bytes.</summary>
    private const int PlaceCost = 24;

    private CachedTopic[] _places = [];
    private int _displaced;

    /// <param name="name">A valid topic name.</param>
    public CachedTopic Get(ReadOnlySpan<byte> name)
    {
        if (_places.Length == 0)
        {
            Make(FirstSize);
        }

        ref var place = ref _places[PlaceOf(name)];
        if (place.Topic is { IsRemoved: false } known && name.SequenceEqual(known.Utf8) && IsCurrent(place))
        {
            return place;
        }

        return Look(name, ref place);
    }

    /// <summary>Whether the verdict is of the rules in force.</summary>
    public bool IsCurrent(in CachedTopic found) => found.Rules == rights.Version;

    private CachedTopic Look(ReadOnlySpan<byte> name, ref CachedTopic place)
    {
        // Before the rights are asked for: they may be newer than that, and then the topic is judged once more the next time.
        var rules = rights.Version;
        var access = rights.Now;
        if (!access.IsCanary && TopicLimits.Problem(name, options) is { } problem)
        {
            return new CachedTopic(null, TopicVerdict.Invalid, problem, rules);
        }

        if (!access.MayPublish(name))
        {
            return new CachedTopic(null, TopicVerdict.Denied, null, rules);
        }

        var topic = access.IsCanary
            ? new Topic(name.ToArray(), isListed: false, 0)
            : topics.Get(name, memory.Account);
        var found = new CachedTopic(topic, TopicVerdict.Allowed, null, rules);
        var displaced = place.Topic is { IsRemoved: false } before && before != topic ? 1 : 0;
        if (!TryKeep(ref place, found))
        {
            return found;
        }

        _displaced += displaced;
        if (_displaced > _places.Length && _places.Length < LargestSize && !memory.IsClosed)
        {
            _displaced = 0;
            Make(Math.Min(LargestSize, _places.Length * 4));
        }

        return found;
    }

    /// <summary>Keeps a topic in a place, here or of the client's aliases.</summary>
    /// <returns>
    /// False when its identity may take no more memory. It may be in memory for this place alone, and the one before also for others, so
    /// that a smaller one does not take less.
    /// </returns>
    public bool TryKeep(ref CachedTopic place, CachedTopic found)
    {
        if (found.Topic != place.Topic)
        {
            if (found.Topic is not null && memory.IsClosed)
            {
                return false;
            }

            found.Topic?.Hold(memory);
            place.Topic?.Release(memory);
        }

        place = found;
        return true;
    }

    /// <summary>The client is gone.</summary>
    public void Clear()
    {
        Make(0);
    }

    private void Make(int size)
    {
        foreach (ref var place in _places.AsSpan())
        {
            TryKeep(ref place, default);
        }

        memory.Return(_places.Length * PlaceCost);
        memory.Take(size * PlaceCost);
        _places = size == 0 ? [] : new CachedTopic[size];
    }

    private int PlaceOf(ReadOnlySpan<byte> name)
    {
        // Names differ most often at their end.
        var tail = name.Length >= sizeof(ulong) ? BinaryPrimitives.ReadUInt64LittleEndian(name[^sizeof(ulong)..]) : Short(name);
        var hash = (tail ^ (ulong)name.Length) * 0x9E37_79B9_7F4A_7C15;
        return (int)(hash >> 48) & (_places.Length - 1);
    }

    private static ulong Short(ReadOnlySpan<byte> name)
    {
        var value = 0UL;
        foreach (var b in name)
        {
            value = (value << 8) | b;
        }

        return value;
    }
}

/// <summary>Whether a client may publish to a topic.</summary>
internal enum TopicVerdict : byte
{
    Allowed,
    Denied,
    Invalid,
}

/// <summary>A topic as one client sees it.</summary>
/// <param name="Topic">The topic; null when it may not publish to it.</param>
/// <param name="Verdict">Whether it may.</param>
/// <param name="Problem">What is wrong with the topic; null when nothing is.</param>
/// <param name="Rules">The number of the access rules that this is from.</param>
internal readonly record struct CachedTopic(Topic? Topic, TopicVerdict Verdict, string? Problem, int Rules);
