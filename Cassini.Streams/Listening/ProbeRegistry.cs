using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace Cassini.Streams.Listening;

/// <summary>
/// Tells our own probes from clients: a probe binds its local port first and announces it, and nobody else can connect from
/// that address and port while it does. Thread-safe. Bounded by the probes, which are few.
/// </summary>
internal sealed class ProbeRegistry
{
    private readonly ConcurrentDictionary<IPEndPoint, ProbeTicket> _tickets = new();

    public ProbeTicket Announce(IPEndPoint source, ProbeKind kind)
    {
        var ticket = new ProbeTicket(this, source, kind);
        _tickets[source] = ticket;
        return ticket;
    }

    /// <summary>Whether a connection from there is a probe of our own; a ticket is good for one connection.</summary>
    public bool TryTake(IPEndPoint source, [NotNullWhen(true)] out ProbeTicket? ticket) => _tickets.TryRemove(source, out ticket);

    public void Withdraw(ProbeTicket ticket) => _tickets.TryRemove(KeyValuePair.Create(ticket.Source, ticket));
}
