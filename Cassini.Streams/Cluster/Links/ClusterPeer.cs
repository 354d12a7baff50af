using System.Collections.Immutable;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Cluster.Links;

/// <summary>
/// Stands for another node among the subscribers of a message: it gets one copy, however many subscribers it has. While it is lost, what
/// its sessions must not miss is kept for it; when it is back, that comes first. It is also a member of the shared subscriptions that have
/// members there. Thread-safe.
/// </summary>
/// <param name="shares">Finds other members for what it cannot get; null when it is none.</param>
internal sealed class ClusterPeer(ShareRouter? shares = null) : Subscriber
{
    private readonly Lock _gate = new();

    // What is kept and was sent already, on a link that is over or with which it is not acknowledged yet: each number of the queue, and
    // the frame that has come when this one has. What is kept for another node was sent to sessions that have moved.
    private readonly List<(ulong Link, long Frame, long Sequence, MovedClients? Moved)> _sent = [];
    private TaskCompletionSource? _settled;
    private LinkSender? _link;
    private NodeQueue? _queue;

    /// <summary>Where its messages go; null while it is lost.</summary>
    public LinkSender? Link => Volatile.Read(ref _link);

    /// <summary>What is kept for it; null when nothing is.</summary>
    public NodeQueue? Queue => Volatile.Read(ref _queue);

    /// <summary>
    /// The number of a link that is over, when the peer may have got something on it that is kept here: it must be asked how far it got.
    /// </summary>
    public ulong? Unsettled
    {
        get
        {
            lock (_gate)
            {
                return _sent.FindIndex(one => one.Link != _link?.Number) is >= 0 and var at ? _sent[at].Link : null;
            }
        }
    }

    /// <summary>
    /// Clients whose sessions have come to it while something was kept for it. What was kept up to a sequence number is not for these. Any
    /// thread.
    /// </summary>
    public ImmutableArray<(long UpTo, ImmutableArray<ulong> Clients)> Latecomers { get; private set; } = [];

    public override bool IsReachable => Link is not null;

    public override bool IsListed => false;

    public override bool IsPeer => true;

    /// <remarks>While it is gone, what is for it is stored here.</remarks>
    public override bool KeepsMessages => Queue is not null;

    public override void Deliver(ref Publication message, Subscription subscription, FlushSet flushes)
    {
        if (subscription.Share is { } share)
        {
            if (Link is not { } link || !link.TryAdd(ref message, message.QoS, Audience.All, flushes, share))
            {
                shares?.HandOn(ref message, share, flushes);
            }

            return;
        }

        // One hop: who sent it has sent it to all others. What each node retains was sent to all. The broker's own topics are those of one.
        if (!message.IsOfPeer && message.Change is null && !message.Topic.IsSystem)
        {
            Send(ref message, subscription.Lower(message.QoS), flushes);
        }
    }

    /// <summary>Sends a message that was published here.</summary>
    /// <param name="message">The message.</param>
    /// <param name="qos">The quality of service of this copy.</param>
    /// <param name="flushes">Collects the link, if it must be flushed.</param>
    public void Send(ref Publication message, QualityOfService qos, FlushSet flushes)
    {
        if (Queue is not null || Link is not { } link || !link.TryAdd(ref message, qos, Audience.All, flushes))
        {
            DeliverAtGate(ref message, qos, flushes);
        }
    }

    /// <summary>
    /// Sessions have come to it, and must get something else first: what they must not miss is kept from now on, although it is there.
    /// </summary>
    /// <param name="queue">Where it is kept.</param>
    /// <param name="clients">The clients of those that it is not for so far.</param>
    public void Hold(NodeQueue queue, ImmutableArray<ulong> clients)
    {
        lock (_gate)
        {
            if (!clients.IsEmpty)
            {
                Latecomers = Latecomers.Add((queue.Last, clients));
            }

            Volatile.Write(ref _queue, queue);
        }
    }

    /// <summary>The sequence number after which what is kept for it is for a client as well; 0 when all is.</summary>
    public long KeptSince(ulong client) => Latecomers.FirstOrDefault(one => one.Clients.Contains(client)).UpTo;

    /// <summary>It is there, or there again. What is kept for it must be sent with <see cref="TryOpen"/> at the end.</summary>
    public void Connect(LinkSender link)
    {
        lock (_gate)
        {
            Volatile.Write(ref _link, link);
        }
    }

    /// <summary>Ends when it has said how far it got on a link, or when there is nothing of which it must be asked.</summary>
    public Task WhenSettled
    {
        get
        {
            lock (_gate)
            {
                return _sent.Count == 0
                    ? Task.CompletedTask
                    : (_settled ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
        }
    }

    /// <summary>Sends something that is kept for it.</summary>
    /// <param name="link">Where.</param>
    /// <param name="sequence">Its number in the queue.</param>
    /// <param name="moved">The sessions that it is for, when it is kept for another node; else null.</param>
    /// <param name="message">The message.</param>
    /// <param name="qos">The quality of service of this copy.</param>
    /// <param name="flushes">Collects the link, if it must be flushed.</param>
    /// <returns>False when the link is over.</returns>
    public bool TrySend(
        LinkSender link, long sequence, MovedClients? moved, ref Publication message, QualityOfService qos, FlushSet flushes)
    {
        lock (_gate)
        {
            if (_link != link || !link.TryAdd(ref message, qos, Audience.Keepers, flushes))
            {
                return false;
            }

            _sent.Add((link.Number, link.LastSure, sequence, moved));
            return true;
        }
    }

    /// <summary>Something that is kept for it has expired: it is kept no more when what was sent before it is not.</summary>
    /// <param name="link">Where it would be sent.</param>
    /// <param name="sequence">Its number in the queue.</param>
    /// <returns>False when the link is over.</returns>
    public bool TrySkip(LinkSender link, long sequence)
    {
        lock (_gate)
        {
            if (_link != link)
            {
                return false;
            }

            _sent.Add((link.Number, link.LastSure, sequence, null));
            return true;
        }
    }

    /// <summary>It has acknowledged a frame of a link: what came up to there is kept no more. The rest is still under way.</summary>
    /// <param name="link">The number of the link.</param>
    /// <param name="acknowledged">The number of the frame.</param>
    public void Drop(ulong link, long acknowledged)
    {
        lock (_gate)
        {
            DropLocked(link, acknowledged);
        }
    }

    /// <summary>
    /// It has what was sent on a link that is over up to a frame: that is kept no more. The rest of what was sent on it is sent again.
    /// </summary>
    /// <param name="link">The number of the link.</param>
    /// <param name="received">The number of the frame; 0 for none.</param>
    public void Settle(ulong link, long received)
    {
        lock (_gate)
        {
            DropLocked(link, received);
            if (_sent.RemoveAll(one => one.Link == link) > 0 || _sent.Count == 0)
            {
                EndWaitLocked();
            }
        }
    }

    /// <summary>Whoever got it lives no more: what is kept is sent again.</summary>
    public void Unsettle()
    {
        lock (_gate)
        {
            UnsettleLocked();
        }
    }

    /// <summary>It does not say what it got: what is kept is sent again.</summary>
    /// <param name="link">Where it is sent. When it is lost again meanwhile it must be asked of this one as well.</param>
    public void Unsettle(LinkSender link)
    {
        lock (_gate)
        {
            if (_link == link)
            {
                UnsettleLocked();
            }
        }
    }

    /// <summary>What is kept for it is sent and stored there: from now on it gets everything at once.</summary>
    /// <param name="link">Where it was sent: another one begins anew.</param>
    /// <returns>False when there is more.</returns>
    public bool TryOpen(LinkSender link)
    {
        lock (_gate)
        {
            if (_link != link || _queue is { IsEmpty: false })
            {
                return false;
            }

            UnsettleLocked();
            Latecomers = [];
            Volatile.Write(ref _queue, null);
            return true;
        }
    }

    /// <summary>
    /// It is lost: from now on what its sessions must not miss is kept, first of all what was sent and not acknowledged. What of that was
    /// for its members of shared subscriptions goes to other members: it must be none of these any more.
    /// </summary>
    /// <param name="queue">Where it is kept; null when there are no such sessions, or when it is kept already.</param>
    /// <param name="topics">Finds topics.</param>
    /// <param name="time">The clock.</param>
    /// <returns>The link that is over, if there was one, and what its messages wait for now.</returns>
    public (LinkSender? Link, long Ticket, AwaitList? Elsewhere) Lose(NodeQueue? queue, TopicTable topics, TimeProvider time)
    {
        var (before, awaited) = (Durability.TakeNoted(), AwaitList.TakeNoted());
        var shared = new List<(StoredMessage Message, string Share)>();
        LinkSender? link;
        lock (_gate)
        {
            link = _link;
            Latecomers = queue is null || queue == _queue ? Latecomers : [];
            Volatile.Write(ref _link, null);
            Volatile.Write(ref _queue, queue ?? _queue);
            link?.End((number, frame) => KeepLocked(link, number, frame.Span, topics, time, shared));
        }

        var flushes = new FlushSet();
        shared.ForEach(one => shares?.HandOn(one.Message, one.Share, flushes));
        flushes.Flush(inline: false);
        var (ticket, elsewhere) = (Durability.TakeNoted(), AwaitList.TakeNoted());
        Durability.Note(before);
        AwaitList.PutBack(awaited);
        return (link, ticket, elsewhere);
    }

    /// <summary>Replaces its link: the new one sends what was not acknowledged on the old one.</summary>
    /// <param name="link">The new one.</param>
    /// <returns>The old link; null when messages are kept for the peer, or when it is lost: then nothing was replaced.</returns>
    public LinkSender? TryRenew(LinkSender link)
    {
        lock (_gate)
        {
            if (_queue is not null || _link is not { } over)
            {
                return null;
            }

            over.End((_, frame) => link.Take(frame.Span));
            Volatile.Write(ref _link, link);
            return over;
        }
    }

    private void UnsettleLocked()
    {
        _sent.Clear();
        EndWaitLocked();
    }

    /// <remarks>Only what was sent: something older may still wait, because what it wants since is sent at once.</remarks>
    private void DropLocked(ulong link, long received)
    {
        var before = _sent.Count;
        var sequences = new List<long>();
        _sent.RemoveAll(one =>
        {
            var has = one.Link == link && one.Frame <= received;
            if (has && one.Moved is { } moved)
            {
                moved.Reach(one.Sequence);
            }
            else if (has)
            {
                sequences.Add(one.Sequence);
            }

            return has;
        });
        if (sequences.Count > 0)
        {
            _queue?.Remove(sequences);
        }

        if (_sent.Count < before)
        {
            EndWaitLocked();
        }
    }

    private void EndWaitLocked()
    {
        _settled?.TrySetResult();
        _settled = null;
    }

    private void DeliverAtGate(ref Publication message, QualityOfService qos, FlushSet flushes)
    {
        lock (_gate)
        {
            // What is removed silently is no publication: it is found by comparison.
            var isKept = qos != QualityOfService.AtMostOnce && message.Change is not { IsSilent: true }
                && _queue?.TryAdd(ref message, flushes) is true;
            _link?.TryAdd(ref message, qos, isKept ? Audience.Others : Audience.All, flushes);
        }
    }

    private void KeepLocked(
        LinkSender link, long number, ReadOnlySpan<byte> frame, TopicTable topics, TimeProvider time, List<(StoredMessage, string)> shared)
    {
        // What comes from the queue is there still, and noted.
        var last = _queue?.Last;
        Keep(frame, topics, time, shared);
        for (var sequence = last + 1; sequence <= _queue?.Last; sequence++)
        {
            _sent.Add((link.Number, number, sequence.Value, null));
        }
    }

    private void Keep(ReadOnlySpan<byte> frame, TopicTable topics, TimeProvider time, List<(StoredMessage, string)> shared)
    {
        while (true)
        {
            if (FrameRecord.TryReadMark(ref frame, out _) || FrameRecord.TryReadAddressing(ref frame, out _, out _))
            {
                continue;
            }

            if (!FrameRecord.TryRead(ref frame, this, out var message))
            {
                return;
            }

            if (message.Audience == Audience.All && message.Change is not { IsSilent: true }
                && (message.Share is null ? _queue is not null : shares is not null))
            {
                Keep(message, topics, time, shared);
            }
        }
    }

    /// <summary>What is retained on each node says when it expires, and not in how many seconds.</summary>
    private static uint? ExpiryOf(in PeerMessage message, TimeProvider time) => message.Change?.ExpiresAt is { } utc
        ? (uint)Math.Clamp(Math.Ceiling((utc - time.GetUtcNow().ToUnixTimeMilliseconds()) / 1_000.0), 0, uint.MaxValue)
        : message.Expiry;

    private void Keep(in PeerMessage message, TopicTable topics, TimeProvider time, List<(StoredMessage, string)> shared)
    {
        var publication = new Publication
        {
            Topic = topics.Get(message.Topic),
            Payload = message.Payload,
            Properties = message.Properties,
            Expiry = ExpiryOf(message, time),
            QoS = message.QoS,
            Retain = message.Retain,
            Account = _queue?.Account ?? shares!.Account,
            Origin = message.Origin,
            ReceivedAt = time.GetTimestamp(),
        };
        if (message.Share is { } share)
        {
            shared.Add((publication.Store(time), share));
        }
        else
        {
            _queue!.TryAdd(ref publication, new FlushSet());
        }
    }
}
