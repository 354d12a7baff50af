using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Primitives;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>All sessions by client identifier, open or kept. Thread-safe.</summary>
internal sealed class SessionTable(
    BrokerOptions options,
    AccountTable accounts,
    IBrokerStore store,
    SubscriptionTree tree,
    RetainedMessages retained,
    MemoryBudget budget,
    BrokerCounters counters,
    BrokerEvents events,
    IdentityWork work,
    TimeProvider time,
    Action<Exception> failed)
{
    private const int Stripes = 64;

    /// <summary>About how much memory a session takes while it holds nothing, in bytes.</summary>
    private const int SessionCost = 2_048;

    /// <summary>What is written beside the contents of a session that moves, in bytes at most.</summary>
    private const int MoveOverhead = 1024 * 1024;

    /// <summary>Two connections with one client identifier take turns. Taken before a session's lock.</summary>
    private readonly Lock[] _connecting = [.. Enumerable.Range(0, Stripes).Select(_ => new Lock())];

    private readonly SharedResource _places = new(CapacityResource.Sessions, options.MaxSessions, accounts);
    private readonly SharedResource _disk = new(CapacityResource.Disk, store.Capacity, accounts);
    private readonly SharedPlaces _shared = new(options.MaxSharedSubscriptions, accounts);
    private readonly ShareHandOver _handOver = new(
        new ShareRouter(tree, accounts.OfBroker, counters, time), store, accounts, counters, time, failed);
    private readonly ConcurrentDictionary<string, Session> _sessions = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, NodeQueue> _queues = new(StringComparer.Ordinal);
    private int _open;
    private int _peak;

    /// <summary>The sessions of other nodes; null for a broker on its own. Set before the first session.</summary>
    public IFleetSessions? Fleet { get; set; }

    /// <summary>
    /// The most bytes that a session without its messages, or one of these, takes while it moves: all its subscriptions, or the largest
    /// packet, and what is written beside that.
    /// </summary>
    public long LargestMoved => options.MaxPacketSize + ((long)options.MaxSubscriptions * (options.MaxTopicLength + 64)) + MoveOverhead;

    /// <summary>Sessions, open or kept.</summary>
    public int Count => (int)_places.Used;

    /// <summary>Open sessions: those with a client.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>The most that were open at once.</summary>
    public int Peak => Volatile.Read(ref _peak);

    /// <summary>How many of the sessions that may exist do, and the identity that has most of them.</summary>
    public ResourceUse Use => _places.Use;

    /// <summary>How many shared subscriptions there are, and the identity that has most of them.</summary>
    public ResourceUse SharedUse => _shared.Use;

    public IEnumerable<Session> All => _sessions.Select(pair => pair.Value);

    /// <summary>Whether a client of this identity is attached to the session.</summary>
    public bool IsOpen(string clientId, string identity) => Find(clientId) is { IsReachable: true } session && session.Identity == identity;

    public Session? Find(string clientId) => _sessions.GetValueOrDefault(clientId);

    /// <summary>Finds or makes the session of a client, and attaches the connection to it.</summary>
    /// <param name="attachment">The connection, which serves no session yet.</param>
    /// <param name="request">What it asks for.</param>
    /// <param name="flushes">Where to note that there is something to send.</param>
    /// <returns>The session; or why there is none.</returns>
    public AttachResult Attach(Attachment attachment, AttachRequest request, FlushSet flushes)
    {
        AttachResult result;
        Session? ended;
        if (request.WasHere && Find(request.ClientId) is null && Fleet?.IsElsewhere(request.ClientId) is not true)
        {
            // It has expired or was deleted, and has not moved.
            request = request with { WasHere = false };
        }

        lock (_connecting[(uint)request.ClientId.GetHashCode(StringComparison.Ordinal) % Stripes])
        {
            result = AttachLocked(attachment, request, flushes, out ended);
        }

        // Without the lock, because there may be much to do, and other clients connect.
        ended?.Subscriptions.RemoveFromTree(result.End.Subscriptions);
        if (result.Session is not null)
        {
            NoteOpened();
        }

        return result;
    }

    /// <summary>Gives others what a session had not finished for its shared subscriptions. Not under a lock.</summary>
    /// <param name="end">What is left to do.</param>
    /// <param name="account">The account of its identity, whose work it is.</param>
    /// <param name="inTurn">Whether it waits for the turn of that identity; not when others would wait for that.</param>
    public ValueTask HandOnAsync(SessionEnd end, Account account, bool inTurn = true) =>
        _handOver.HandOnAsync(end, account, work, inTurn);

    /// <summary>A session was closed.</summary>
    public void NoteClosed() => Interlocked.Decrement(ref _open);

    /// <summary>Forgets a session that has ended.</summary>
    public void Remove(Session session)
    {
        if (_sessions.TryRemove(KeyValuePair.Create(session.ClientId, session)))
        {
            FreePlace(session.Account);
            Fleet?.OnEnded(session.ClientId);
        }
    }

    /// <summary>Makes the session of the health probe, which is not in the table, and attaches the connection to it.</summary>
    /// <param name="attachment">The connection.</param>
    /// <param name="request">What it asks for.</param>
    /// <param name="probeEvents">Where its events are published.</param>
    /// <param name="flushes">Where to note that there is something to send.</param>
    public AttachResult AttachProbe(Attachment attachment, AttachRequest request, IEventPublisher probeEvents, FlushSet flushes)
    {
        var session = new Session(
            options, store, _disk, tree, retained, _handOver, _shared, budget.Of(accounts.OfBroker), new BrokerCounters(), time,
            request.ClientId, new PendingEvents(probeEvents), isListed: false, work, failed);
        session.TryAttach(attachment, request, isPresent: false, flushes, out _);
        return new AttachResult(session, session.History);
    }

    /// <summary>What is kept for other nodes.</summary>
    public IEnumerable<NodeQueue> Queues => _queues.Values;

    /// <summary>What is kept for another node; null when nothing is.</summary>
    public NodeQueue? FindQueue(string node) => _queues.GetValueOrDefault(node) is { Session.KeepsMessages: true } queue ? queue : null;

    /// <summary>Keeps messages for another node from now on.</summary>
    /// <param name="node">The node.</param>
    /// <param name="filters">Which messages: filters with wildcards.</param>
    /// <param name="topics">The hashes of filters without.</param>
    /// <param name="clients">Hashes of the clients whose sessions they are for.</param>
    /// <returns>Null when there is no place for it.</returns>
    public NodeQueue? OpenQueue(string node, IEnumerable<string> filters, IEnumerable<ulong> topics, IEnumerable<ulong> clients)
    {
        if (FindQueue(node) is { } known)
        {
            known.Add(filters, topics, clients);
            return known;
        }

        var moved = new MovedSession($"{NodeQueue.Prefix}{node}", NodeQueue.Identity, NodeQueue.ExpirySeconds, [], []);
        if (BeginArrival(moved).Session is not { } session)
        {
            return null;
        }

        if (!TryArrive(session, moved))
        {
            AbandonArrival(session);
            return null;
        }

        var queue = _queues[node];
        queue.Add(filters, topics, clients);
        return queue;
    }

    /// <summary>Nothing more is kept for another node.</summary>
    public void EndQueue(NodeQueue queue)
    {
        _queues.TryRemove(KeyValuePair.Create(queue.Node, queue));
        queue.Session.Subscriptions.RemoveFromTree(queue.Session.End(SessionEndReason.Moved).Subscriptions);
        Remove(queue.Session);
    }

    /// <summary>Restores a session that the store kept. Before the first connection.</summary>
    public void Restore(SessionState kept)
    {
        var account = accounts.Open(kept.Session.Identity);
        var session = Make(kept.Session.ClientId, account, new PendingEvents(events));
        _places.Take(account, 1, 1);
        budget.Of(account).Take(SessionCost);
        session.Restore(kept);
        _sessions[session.ClientId] = session;

        // When its client came or went last. Whoever has it elsewhere has it since later; also when that is not known.
        var since = kept.Present ?? (kept.Away > TimeSpan.Zero ? kept.Away : null);
        Fleet?.OnHeld(session.ClientId, session.Identity, HeldSession.HasCome, time.GetUtcNow() - since ?? DateTimeOffset.UnixEpoch);
    }

    /// <summary>A session is to move to another node.</summary>
    /// <param name="session">The session.</param>
    /// <param name="mayLeave">Asked when no connection can get it any more: whether it may leave all the same.</param>
    /// <param name="lost">The connection that loses it; null when there was none.</param>
    /// <param name="will">The will that is due because of that.</param>
    /// <returns>False when it may not, has ended, or is moving already.</returns>
    public bool TryLeave(Session session, Func<bool> mayLeave, out Attachment? lost, out HeldWill? will)
    {
        // A connection that is about to have it has it first.
        lock (_connecting[(uint)session.ClientId.GetHashCode(StringComparison.Ordinal) % Stripes])
        {
            (lost, will) = (null, null);
            return mayLeave() && session.TryLeave(out lost, out will);
        }
    }

    /// <summary>
    /// Begins to take a session from another node: it has its subscriptions, but is not in the table before <see cref="TryArrive"/>.
    /// </summary>
    /// <returns>The session; null with the limit that leaves no place for it.</returns>
    public (Session? Session, CapacityReached? Reached) BeginArrival(MovedSession moved)
    {
        var account = accounts.Open(moved.Identity);
        if (TakePlace(account) is { } reached)
        {
            accounts.Close(account);
            return (null, reached);
        }

        Session? session = null;
        try
        {
            session = Make(moved.ClientId, account, new PendingEvents(events));
            session.BeginArrival(moved);
            return (session, null);
        }
        catch
        {
            session?.Subscriptions.RemoveFromTree(session.End(SessionEndReason.Moved).Subscriptions);
            FreePlace(account);
            throw;
        }
    }

    /// <summary>All of a session has come: it is in the table from now on.</summary>
    /// <returns>False when there is no room for all of it, or another one has its client identifier: then nothing of it is here.</returns>
    public bool TryArrive(Session session, MovedSession moved)
    {
        lock (_connecting[(uint)session.ClientId.GetHashCode(StringComparison.Ordinal) % Stripes])
        {
            if (_sessions.ContainsKey(session.ClientId) || !session.TryEndArrival(moved.Received))
            {
                return false;
            }

            // That it is here is said when it is durable.
            _sessions[session.ClientId] = session;
            return true;
        }
    }

    /// <summary>A session does not come after all.</summary>
    public void AbandonArrival(Session session)
    {
        session.Subscriptions.RemoveFromTree(session.End(SessionEndReason.Moved).Subscriptions);
        FreePlace(session.Account);
    }

    /// <summary>Gives others what a session that the store kept had not finished when it ended. After the others are restored.</summary>
    public async ValueTask HandOnAsync(SessionState over)
    {
        var account = accounts.Open(over.Session.Identity);
        try
        {
            await _handOver.HandOnAsync(over, account, work).ConfigureAwait(false);
        }
        finally
        {
            accounts.Close(account);
        }
    }

    private AttachResult AttachLocked(Attachment attachment, AttachRequest request, FlushSet flushes, out Session? ended)
    {
        ended = null;
        var existing = Find(request.ClientId);
        if (existing is not null && existing.Identity != request.Identity)
        {
            return new AttachResult(
                null, existing.History, Reason: ReasonCode.NotAuthorized, Detail: "the client identifier belongs to another identity");
        }

        if (existing is null && request is { WasHere: true, CleanStart: false })
        {
            return new AttachResult(
                null, new PendingEvents(events), Reason: ReasonCode.ServerBusy,
                Detail: "the session has moved to another node of the fleet");
        }

        if (existing is { IsLeaving: true })
        {
            return new AttachResult(
                null, existing.History, Reason: ReasonCode.ServerBusy, Detail: "the session is moving to another node of the fleet");
        }

        // A session that ends with its connection ends when that is taken over [MQTT-3.1.2-23]; 3.1.1: [MQTT-3.1.2-6].
        if (existing is { ExpirySeconds: > 0 } && !request.CleanStart
            && existing.TryAttach(attachment, request, isPresent: true, flushes, out var before))
        {
            Fleet?.OnServed(request.ClientId);
            return new AttachResult(existing, existing.History, IsPresent: true, before);
        }

        var end = SessionEnd.None;
        if (existing is not null)
        {
            end = existing.End(existing.ExpirySeconds > 0 ? SessionEndReason.CleanStart : SessionEndReason.EndedWithConnection);
            Remove(existing);
            ended = existing;
        }

        var history = existing?.History ?? new PendingEvents(events);
        var account = accounts.Open(request.Identity);
        if (TakePlace(account) is { } reached)
        {
            accounts.Close(account);
            var detail = reached.Identity is null
                ? Quantity.Of(reached.Limit, "session exists", "sessions exist")
                : $"this identity has {Quantity.Of(reached.Limit, "session")}, the most that one may have now";
            return new AttachResult(null, history, Lost: end.Attachment, Reason: ReasonCode.QuotaExceeded, Detail: detail)
            {
                End = end,
                Reached = reached,
            };
        }

        Session? session = null;
        try
        {
            // Before any other thread can find it: without a connection it would look like one that has expired.
            session = Make(request.ClientId, account, history);
            session.TryAttach(attachment, request, isPresent: false, flushes, out _);
            _sessions[request.ClientId] = session;
            var held = request.ExpirySeconds > 0 ? HeldSession.HasBegun : HeldSession.EndsWithConnection;
            Fleet?.OnHeld(request.ClientId, request.Identity, held, time.GetUtcNow());
            return new AttachResult(session, history, Lost: end.Attachment) { End = end };
        }
        catch (Exception failure)
        {
            // Not thrown here: what the end of the session before leaves to do must be done all the same.
            session?.Abandon();
            FreePlace(account);
            return new AttachResult(null, history, Lost: end.Attachment, Failure: ExceptionDispatchInfo.Capture(failure)) { End = end };
        }
    }

    /// <returns>The limit that leaves no place for one more; null when the place is taken.</returns>
    private CapacityReached? TakePlace(Account account)
    {
        switch (_places.TryTake(account, 1))
        {
            case QuotaVerdict.Exhausted:
                return new CapacityReached(CapacityResource.Sessions, options.MaxSessions);
            case QuotaVerdict.OverQuota:
                return new CapacityReached(CapacityResource.Sessions, account.Held(CapacityResource.Sessions), account.Identity);
            default:
                budget.Of(account).Take(SessionCost);
                return null;
        }
    }

    private void FreePlace(Account account)
    {
        budget.Of(account).Return(SessionCost);
        _places.Return(account, 1, 1);
        accounts.Close(account);
    }

    private Session Make(string clientId, Account account, PendingEvents history)
    {
        if (account.Identity != NodeQueue.Identity || !NodeQueue.IsOne(clientId))
        {
            return Make(clientId, account, history, tree);
        }

        // It gets its messages from the peer that it is for.
        var own = new SubscriptionTree();
        var session = Make(clientId, account, history, own);
        var node = clientId[NodeQueue.Prefix.Length..];
        _queues[node] = new NodeQueue(node, session, own);
        return session;
    }

    private Session Make(string clientId, Account account, PendingEvents history, SubscriptionTree subscriptions) =>
        new(
            options, store, _disk, subscriptions, retained, _handOver, _shared, budget.Of(account), counters, time, clientId, history,
            isListed: true, work, failed);

    private void NoteOpened()
    {
        var open = Interlocked.Increment(ref _open);
        int peak;
        while (open > (peak = Volatile.Read(ref _peak)) && Interlocked.CompareExchange(ref _peak, open, peak) != peak)
        {
        }
    }
}
