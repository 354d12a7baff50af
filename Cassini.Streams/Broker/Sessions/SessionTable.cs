using System.Collections.Concurrent;
using Cassini.Streams.Broker.Connections;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Broker.Sessions;

/// <summary>All sessions by client identifier, open or kept. Thread-safe.</summary>
internal sealed class SessionTable(
    BrokerOptions options, IBrokerStore store, SubscriptionTree tree, MemoryBudget budget, BrokerCounters counters, TimeProvider time)
{
    private const int Stripes = 64;

    /// <summary>Two connections with one client identifier take turns.</summary>
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

    /// <summary>Finds or makes the session of a client, and gives it to the connection.</summary>
    /// <param name="connection">The connection, which serves no session yet.</param>
    /// <param name="request">What it asks for.</param>
    /// <returns>The session; or why there is none.</returns>
    public AttachResult Attach(ClientConnection connection, AttachRequest request)
    {
        AttachResult result;
        lock (_connecting[(uint)request.ClientId.GetHashCode(StringComparison.Ordinal) % Stripes])
        {
            result = AttachOne(connection, request);
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

    private AttachResult AttachOne(ClientConnection connection, AttachRequest request)
    {
        var existing = Find(request.ClientId);
        if (existing is not null && existing.Identity != request.Identity)
        {
            return AttachResult.Refused(ReasonCode.NotAuthorized, "the client identifier belongs to another identity");
        }

        // A session that ends with its connection ends when that is taken over [MQTT-3.1.2-23]; 3.1.1: [MQTT-3.1.2-6].
        if (existing is { ExpirySeconds: > 0 } && !request.CleanStart
            && existing.TryAttach(connection, request.ExpirySeconds, request.ConnAck(true), out var before) is { } goesOn)
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
                with { Lost = end.Connection, End = end, EndReason = endReason };
        }

        var session = Make(request.ClientId, request.Identity, isListed: true, existing?.Published);

        // Before anyone else can find it: without a connection it would look like one whose time is over.
        var turn = session.TryAttach(connection, request.ExpirySeconds, request.ConnAck(false), out _);
        _sessions[request.ClientId] = session;
        return new AttachResult(session, turn, false, end.Connection, end, endReason, default, "");
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

/// <summary>What a connection asks the table for.</summary>
/// <param name="ClientId">Its client identifier, given or assigned.</param>
/// <param name="Identity">Who it is.</param>
/// <param name="CleanStart">Whether a session that exists ends first [MQTT-3.1.2-4].</param>
/// <param name="ExpirySeconds">Session expiry interval.</param>
/// <param name="ConnAck">Makes the acknowledgement, with session present or not.</param>
internal sealed record AttachRequest(string ClientId, string Identity, bool CleanStart, uint ExpirySeconds, Func<bool, byte[]> ConnAck);

/// <summary>What a connection got.</summary>
/// <param name="Session">The session; null when it is refused.</param>
/// <param name="Turn">In which that is published; null when it is refused.</param>
/// <param name="IsPresent">Whether it existed.</param>
/// <param name="Lost">The connection that lost it: it must be closed [MQTT-3.1.4-3].</param>
/// <param name="End">The end of the session that its client had before.</param>
/// <param name="EndReason">Why that ended.</param>
/// <param name="Reason">Why it is refused.</param>
/// <param name="Detail">The same for people.</param>
internal sealed record AttachResult(
    Session? Session,
    SessionTurn? Turn,
    bool IsPresent,
    ClientConnection? Lost,
    SessionEnd End,
    SessionEndReason EndReason,
    ReasonCode Reason,
    string Detail)
{
    public static AttachResult Refused(ReasonCode reason, string detail) => new(null, null, false, null, SessionEnd.None, default, reason, detail);
}
