using System.Collections.Concurrent;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>All sessions by client identifier, open or kept. Thread-safe.</summary>
internal sealed class SessionTable(
    BrokerOptions options, IBrokerStore store, SubscriptionTree tree, MemoryBudget budget, BrokerCounters counters, TimeProvider time)
{
    private const int Stripes = 64;

    /// <summary>Two connections with one client identifier take turns. Taken before a session's lock.</summary>
    private readonly Lock[] _connecting = [.. Enumerable.Range(0, Stripes).Select(_ => new Lock())];

    private readonly ConcurrentDictionary<string, Session> _sessions = new(StringComparer.Ordinal);
    private int _count;
    private int _open;
    private int _peak;

    /// <summary>Sessions, open or kept.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Open sessions: those with a client.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>The most that were open at once.</summary>
    public int Peak => Volatile.Read(ref _peak);

    public IEnumerable<Session> All => _sessions.Select(pair => pair.Value);

    public Session? Find(string clientId) => _sessions.GetValueOrDefault(clientId);

    /// <summary>Finds or makes the session of a client, and attaches the connection to it.</summary>
    /// <param name="attachment">The connection, which serves no session yet.</param>
    /// <param name="request">What it asks for.</param>
    /// <param name="flushes">Where to note that there is something to send.</param>
    /// <returns>The session; or why there is none.</returns>
    public AttachResult Attach(Attachment attachment, AttachRequest request, FlushSet flushes)
    {
        AttachResult result;
        lock (_connecting[(uint)request.ClientId.GetHashCode(StringComparison.Ordinal) % Stripes])
        {
            result = AttachLocked(attachment, request, flushes);
        }

        if (result.Session is not null)
        {
            NoteOpened();
        }

        return result;
    }

    /// <summary>A session was closed.</summary>
    public void NoteClosed() => Interlocked.Decrement(ref _open);

    /// <summary>Forgets a session that has ended.</summary>
    public void Remove(Session session)
    {
        if (_sessions.TryRemove(KeyValuePair.Create(session.ClientId, session)))
        {
            Interlocked.Decrement(ref _count);
        }
    }

    /// <summary>Makes a session that is not in the table.</summary>
    /// <param name="clientId">Its client identifier.</param>
    /// <param name="identity">The identity that it belongs to.</param>
    /// <param name="isListed">Whether it is to be in the table: the health probe's session is not.</param>
    /// <param name="published">Ends when what happened to the client's session before it is published; null when there was none.</param>
    public Session Make(string clientId, string identity, bool isListed, Task? published = null) =>
        new(options, store, tree, budget, counters, time, clientId, identity, isListed, published);

    /// <summary>Restores a session that the store kept. Before the first connection.</summary>
    public void Restore(SessionState kept)
    {
        var session = Make(kept.Session.ClientId, kept.Session.Identity, isListed: true);
        session.Restore(kept);
        if (_sessions.TryAdd(session.ClientId, session))
        {
            _count++;
        }
    }

    private AttachResult AttachLocked(Attachment attachment, AttachRequest request, FlushSet flushes)
    {
        var existing = Find(request.ClientId);
        if (existing is not null && existing.Identity != request.Identity)
        {
            return AttachResult.Refused(ReasonCode.NotAuthorized, "the client identifier belongs to another identity");
        }

        // A session that ends with its connection ends when that is taken over [MQTT-3.1.2-23]; 3.1.1: [MQTT-3.1.2-6].
        if (existing is { ExpirySeconds: > 0 } && !request.CleanStart
            && existing.TryAttach(attachment, request.ExpirySeconds, request.ConnAckPresent, flushes, out var before) is { } goesOn)
        {
            return new AttachResult(existing, goesOn, true, before, SessionEnd.None, default, default, "");
        }

        var end = SessionEnd.None;
        var endReason = SessionEndReason.EndedWithConnection;
        if (existing is not null)
        {
            endReason = existing.ExpirySeconds > 0 ? SessionEndReason.CleanStart : SessionEndReason.EndedWithConnection;
            end = existing.End();
            Remove(existing);
        }

        if (Interlocked.Increment(ref _count) > options.MaxSessions)
        {
            Interlocked.Decrement(ref _count);
            return AttachResult.Refused(ReasonCode.QuotaExceeded, Quantity.Of(options.MaxSessions, "session exists", "sessions exist"))
                with
            { Lost = end.Attachment, End = end, EndReason = endReason };
        }

        var session = Make(request.ClientId, request.Identity, isListed: true, existing?.Published);

        // Before any other thread can find it: without a connection it would look like one that has expired.
        var turn = session.TryAttach(attachment, request.ExpirySeconds, request.ConnAckNew, flushes, out _);
        _sessions[request.ClientId] = session;
        return new AttachResult(session, turn, false, end.Attachment, end, endReason, default, "");
    }

    private void NoteOpened()
    {
        var open = Interlocked.Increment(ref _open);
        int peak;
        while (open > (peak = Volatile.Read(ref _peak)) && Interlocked.CompareExchange(ref _peak, open, peak) != peak)
        {
        }
    }
}
