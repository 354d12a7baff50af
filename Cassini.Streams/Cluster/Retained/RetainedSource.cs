using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Cluster.Engine;

namespace Cassini.Streams.Cluster.Retained;

/// <summary>
/// Answers what a peer asks to have the same retained messages, in pieces: each is sent when it is asked for, so there is never more than
/// one under way. For one thread at a time.
/// </summary>
/// <param name="retained">The retained messages.</param>
/// <param name="bus">Says how large an answer may be.</param>
/// <param name="time">The one clock.</param>
internal sealed class RetainedSource(RetainedMessages retained, IBus bus, TimeProvider time)
{
    /// <summary>About how many bytes a piece of a list has, if the bus takes as much.</summary>
    private const int PieceSize = 64 * 1024;

    /// <summary>About how many bytes of messages are sent at once.</summary>
    private const int MessagesSize = 256 * 1024;

    /// <summary>How many nodes of the tree are looked at under its lock, and how often for one piece.</summary>
    private const int Steps = 500;
    private const int Slices = 20;

    private readonly bool[] _buckets = new bool[RetainedDigest.Buckets];
    private RetainedCursor? _search;
    private ulong _round;
    private int _piece;
    private SyncBody? _last;

    /// <summary>The digests of now.</summary>
    public SyncBody Digests()
    {
        // First: what changes after this has a later stamp.
        var body = new SyncBody();
        body.Put((ulong)time.GetUtcNow().ToUnixTimeMilliseconds());
        foreach (var digest in retained.BucketDigests)
        {
            body.Put(digest);
        }

        return body;
    }

    /// <summary>A piece of the list.</summary>
    /// <param name="round">Each begins anew.</param>
    /// <param name="piece">The next piece, or once more the last one.</param>
    /// <param name="buckets">A bit for each bucket.</param>
    /// <returns>Null when it is neither.</returns>
    public SyncBody? List(ulong round, int piece, ReadOnlySpan<byte> buckets)
    {
        if (buckets.Length != RetainedDigest.Buckets / 8)
        {
            return null;
        }

        if (piece == 1 && round != _round)
        {
            (_round, _piece, _last, _search) = (round, 0, null, retained.SearchAll());
            for (var i = 0; i < _buckets.Length; i++)
            {
                _buckets[i] = (buckets[i / 8] & (1 << (i % 8))) != 0;
            }
        }

        if (round != _round || _search is null)
        {
            return null;
        }

        if (piece == _piece + 1)
        {
            _piece = piece;
            _last = Next(_search);
        }

        return piece == _piece ? _last : null;
    }

    /// <summary>Messages that are asked for, as many as go at once.</summary>
    /// <param name="topics">Their topics.</param>
    public SyncBody Messages(ReadOnlySpan<byte> topics)
    {
        var most = bus.LargestMessage - SyncHeader.Size;
        var (answered, tooLarge) = (0, 0);
        var records = new SyncBody();
        while (records.Size < MessagesSize && SyncBody.TryRead(ref topics, out ReadOnlySpan<byte> topic))
        {
            if (retained.TryCopy(topic, out var copy) && !records.TryPut(copy, most - (2 * sizeof(int))))
            {
                if (records.Size > 0)
                {
                    break;
                }

                tooLarge++;
            }

            answered++;
        }

        var body = new SyncBody();
        body.Put(answered);
        body.Put(tooLarge);
        body.Append(records);
        return body;
    }

    /// <summary>What was removed of messages that the peer has.</summary>
    /// <param name="offered">Their topics and stamps.</param>
    public SyncBody Removed(ReadOnlySpan<byte> offered)
    {
        var removed = new SyncBody();
        while (SyncBody.TryRead(ref offered, out var topic, out var stamp))
        {
            if (retained.NeedOf(topic, stamp, out var removedAt) == RetainedNeed.Removed)
            {
                removed.Put(topic.ToArray(), removedAt);
            }
        }

        return removed;
    }

    private SyncBody Next(RetainedCursor search)
    {
        var found = new SyncBody();
        var most = SyncBody.RoomOn(bus, PieceSize);
        for (var slice = 0; slice < Slices && found.Size < most && !search.IsAtEnd; slice++)
        {
            foreach (var (topic, stamp) in retained.ListSome(search, _buckets, Steps, most - found.Size))
            {
                found.Put(topic, stamp);
            }
        }

        var body = new SyncBody();
        body.Put(search.IsAtEnd ? (byte)1 : (byte)0);
        body.Append(found);
        return body;
    }
}
