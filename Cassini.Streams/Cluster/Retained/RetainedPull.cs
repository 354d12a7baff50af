using System.Buffers.Binary;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Cluster.Engine;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Cluster.Retained;

/// <summary>Sends a message to the peer.</summary>
internal delegate void SyncSend(SyncKind kind, ulong round, int step, ReadOnlySpan<byte> body);

/// <summary>
/// Gets from a peer what it retains and this node does not: when the digests have differed for a while, those of the buckets are compared,
/// then the stamps in those that differ, and then the messages come. At last it offers what the peer has not listed, and hears what of it
/// was removed. One request at a time. For one thread at a time.
/// </summary>
/// <param name="peer">The peer.</param>
/// <param name="retained">The retained messages.</param>
/// <param name="publisher">Takes what comes.</param>
/// <param name="durability">How far the store is: while too much waits, nothing more is asked for.</param>
/// <param name="bus">Says how large a request may be.</param>
/// <param name="send">Sends to the peer.</param>
/// <param name="time">The one clock.</param>
internal sealed class RetainedPull(
    Subscriber peer, RetainedMessages retained, PeerPublisher publisher, Durability durability, IBus bus, SyncSend send,
    TimeProvider time)
{
    /// <summary>What was sent a moment ago makes digests differ too: so many heartbeats must say the same.</summary>
    private const int BeatsToDiffer = 3;

    private const int MostTries = 10;

    /// <summary>About how many bytes of topics are asked for at once.</summary>
    private const int MostAsked = 32 * 1024;

    /// <summary>How many nodes of the tree are looked at under its lock, and how many for one request.</summary>
    private const int StepsAtOnce = 500;
    private const int MostSteps = 10_000;

    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LeastWait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan MostWait = TimeSpan.FromMinutes(1);

    private readonly Queue<byte[]> _wanted = new();
    private readonly HashSet<ulong> _listed = [];
    private RetainedCursor? _offering;
    private SyncKind _awaited;
    private ulong _round;
    private int _step;
    private int _piece;
    private bool _isListed;
    private byte[] _buckets = [];
    private byte[] _request = [];
    private SyncKind _requested;
    private int _asked;
    private int _tries;
    private bool _isHeldUp;
    private long _askedAt;
    private long _begunAt;
    private long _endedAt;
    private ulong _madeAt;
    private TimeSpan _wait = LeastWait;
    private int _differing;
    private int _fetched;
    private long _missing;

    /// <summary>Whether this node once had everything that the peer had, but for <see cref="Missing"/>.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>How many messages of the peer this node could not take, when it looked last.</summary>
    public long Missing { get; private set; }

    /// <summary>This node has every change of the peer whose clock is smaller.</summary>
    public ulong KnownUpTo { get; private set; }

    /// <summary>A heartbeat of the peer.</summary>
    /// <param name="digest">Of what it retains; null when it does not say: then there is nothing to compare.</param>
    /// <param name="at">Its clock, UTC.</param>
    public void OnBeat(ulong? digest, DateTimeOffset at)
    {
        var isSame = digest == retained.Digest;
        IsKnown |= digest is null;
        if (isSame && IsKnown)
        {
            (_differing, _wait, Missing) = (0, LeastWait, 0);
            KnownUpTo = Math.Max(KnownUpTo, RetainedStamp.ClockOf(at.ToUnixTimeMilliseconds()));
        }
        else
        {
            _differing++;
        }

        // Once it asks in any case: only a peer that has answered sends to this run what it retains from now on.
        if (_awaited == 0 && (!IsKnown || (!isSame && _differing >= BeatsToDiffer && time.GetElapsedTime(_endedAt) >= _wait)))
        {
            (_round, _begunAt, _fetched, _missing, _step) = (_round + 1, time.GetTimestamp(), 0, 0, 0);
            Ask(SyncKind.DigestsWanted, SyncKind.Digests, ++_step, []);
        }
    }

    /// <summary>Asks again for what has not come. For a timer.</summary>
    public void Look()
    {
        if (_isHeldUp)
        {
            GoOn();
        }
        else if (_awaited != 0 && time.GetElapsedTime(_askedAt) >= AskAgainAfter)
        {
            if (++_tries > MostTries)
            {
                End();
                return;
            }

            _askedAt = time.GetTimestamp();
            send(_requested, _round, _asked, _request);
        }
    }

    /// <summary>An answer of the peer.</summary>
    public void Receive(in SyncHeader header, ReadOnlySpan<byte> body)
    {
        if (header.Kind == SyncKind.Removed)
        {
            Remove(body);
        }

        if (header.Kind == _awaited && header.Round == _round && header.Step == _asked && !_isHeldUp)
        {
            switch (header.Kind)
            {
                case SyncKind.Digests:
                    Compare(body);
                    break;
                case SyncKind.List:
                    Take(body);
                    break;
                case SyncKind.Messages:
                    Retain(body);
                    break;
                case SyncKind.Removed:
                    GoOn();
                    break;
            }
        }
    }

    private void Compare(ReadOnlySpan<byte> body)
    {
        if (body.Length != sizeof(ulong) * (1 + RetainedDigest.Buckets))
        {
            return;
        }

        _madeAt = RetainedStamp.ClockOf((long)BinaryPrimitives.ReadUInt64LittleEndian(body));
        _buckets = new byte[RetainedDigest.Buckets / 8];
        var own = retained.BucketDigests;
        for (var i = 0; i < own.Length; i++)
        {
            body = body[sizeof(ulong)..];
            if (BinaryPrimitives.ReadUInt64LittleEndian(body) != own[i])
            {
                _buckets[i / 8] |= (byte)(1 << (i % 8));
            }
        }

        (_piece, _isListed) = (0, !_buckets.AsSpan().ContainsAnyExcept((byte)0));
        _offering = _isListed ? null : retained.SearchAll();
        GoOn();
    }

    private void Take(ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty)
        {
            return;
        }

        _isListed = body[0] != 0;
        body = body[1..];
        var removed = new SyncBody();
        while (SyncBody.TryRead(ref body, out var topic, out var stamp))
        {
            _listed.Add(FleetHash.Of(topic));
            switch (retained.NeedOf(topic, stamp, out var removedAt))
            {
                case RetainedNeed.Message:
                    _wanted.Enqueue(topic.ToArray());
                    break;
                case RetainedNeed.Removed:
                    removed.Put(topic.ToArray(), removedAt);
                    break;
            }
        }

        if (removed.Size > 0)
        {
            send(SyncKind.Removed, _round, 0, removed.Written);
        }

        GoOn();
    }

    private void Retain(ReadOnlySpan<byte> body)
    {
        if (!SyncBody.TryRead(ref body, out int answered) || !SyncBody.TryRead(ref body, out int tooLarge) || answered == 0)
        {
            return;
        }

        for (; answered > 0 && _wanted.Count > 0; answered--)
        {
            _wanted.Dequeue();
        }

        _missing += tooLarge;
        while (Links.FrameRecord.TryRead(ref body, peer, out var message))
        {
            switch (message.Change is null ? RetainedVerdict.Stale : publisher.Retain(message))
            {
                case RetainedVerdict.Applied:
                    _fetched++;
                    break;
                case RetainedVerdict.NoRoom:
                    _missing++;
                    break;
            }
        }

        GoOn();
    }

    private void Remove(ReadOnlySpan<byte> body)
    {
        while (SyncBody.TryRead(ref body, out var topic, out var stamp))
        {
            publisher.Retain(new PeerMessage
            {
                Peer = peer,
                Topic = topic,
                QoS = QualityOfService.AtLeastOnce,
                Change = new RetainedChange(stamp, "", ExpiresAt: null, IsSilent: true),
            });
        }
    }

    /// <summary>The next messages that the peer has not listed: it has not heard of them, or they were removed.</summary>
    private SyncBody NotListed(RetainedCursor search)
    {
        var buckets = Enumerable.Range(0, RetainedDigest.Buckets).Select(i => (_buckets[i / 8] & (1 << (i % 8))) != 0).ToArray();
        var body = new SyncBody();
        var most = SyncBody.RoomOn(bus, MostAsked);
        for (var steps = 0; steps < MostSteps && body.Size < most && !search.IsAtEnd; steps += StepsAtOnce)
        {
            foreach (var (topic, stamp) in retained.ListSome(search, buckets, StepsAtOnce, most - body.Size))
            {
                if (!_listed.Contains(FleetHash.Of(topic)))
                {
                    body.Put(topic, stamp);
                }
            }
        }

        return body;
    }

    /// <summary>Asks for the next messages, then for the next piece of the list, and then offers what was not listed.</summary>
    private void GoOn()
    {
        _isHeldUp = !durability.IsReached(durability.Room);
        if (_isHeldUp)
        {
            return;
        }

        if (_wanted.Count > 0)
        {
            var topics = new SyncBody();
            var most = SyncBody.RoomOn(bus, MostAsked);
            foreach (var topic in _wanted)
            {
                topics.Put(topic);
                if (topics.Size > most)
                {
                    break;
                }
            }

            Ask(SyncKind.MessagesWanted, SyncKind.Messages, ++_step, topics.Written);
        }
        else if (!_isListed)
        {
            Ask(SyncKind.ListWanted, SyncKind.List, ++_piece, _buckets);
        }
        else if (_offering is { IsAtEnd: false } search)
        {
            Ask(SyncKind.Offered, SyncKind.Removed, ++_step, NotListed(search).Written);
        }
        else
        {
            Complete();
        }
    }

    private void Ask(SyncKind request, SyncKind answer, int step, ReadOnlySpan<byte> body)
    {
        (_requested, _awaited, _asked, _request, _tries, _askedAt) = (request, answer, step, body.ToArray(), 1, time.GetTimestamp());
        send(request, _round, step, body);
    }

    private void Complete()
    {
        // Digests differ also because of what is under way, and for good while there is no room: that must not be looked for all the time.
        var took = time.GetElapsedTime(_begunAt);
        _wait = _fetched > 0 ? LeastWait : 2 * _wait;
        _wait = TimeSpan.FromTicks(Math.Clamp(Math.Max(_wait.Ticks, 4 * took.Ticks), LeastWait.Ticks, MostWait.Ticks));
        (Missing, IsKnown) = (_missing, true);
        if (_missing == 0)
        {
            KnownUpTo = Math.Max(KnownUpTo, _madeAt);
        }

        End();
    }

    private void End()
    {
        _wanted.Clear();
        _listed.Clear();
        _offering = null;
        (_awaited, _differing, _endedAt) = (0, 0, time.GetTimestamp());
    }
}
