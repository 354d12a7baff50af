using System.Diagnostics.CodeAnalysis;
using System.Net;
using Cassini.Streams.Listening.Endpoints;

namespace Cassini.Streams.Listening.Probes;

/// <summary>
/// Distinguishes our own probes from clients. A probe binds its local port and announces it before it connects: while it has the port,
/// no other socket can connect from there. A probe that gave up may still wait in the kernel's backlog, so it stays known. Otherwise it
/// would count as a client when a stalled loop runs again. Thread-safe; bounded.
/// </summary>
internal sealed class ProbeRegistry
{
    internal const int MaxLate = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<IPEndPoint, ProbeTicket> _tickets = [];
    private readonly LinkedList<ProbeTicket> _late = new();

    public ProbeTicket Announce(EndpointAddress endpoint, IPEndPoint source, ProbeKind kind)
    {
        var ticket = new ProbeTicket(this, endpoint, source, kind);
        lock (_lock)
        {
            if (_tickets.Remove(source, out var former))
            {
                _late.Remove(former);
            }

            _tickets.Add(source, ticket);
        }

        return ticket;
    }

    /// <summary>Takes the ticket of a connection, if it is a probe of our own. A ticket is valid for one connection.</summary>
    public bool TryTake(EndpointAddress endpoint, IPEndPoint source, [NotNullWhen(true)] out ProbeTicket? ticket)
    {
        lock (_lock)
        {
            // The port of a late probe of another endpoint may belong to a client by now.
            if (!_tickets.TryGetValue(source, out ticket) || ticket.Endpoint != endpoint)
            {
                ticket = null;
                return false;
            }

            _tickets.Remove(source);

            if (ticket.IsLate)
            {
                _late.Remove(ticket);
            }

            return true;
        }
    }

    /// <summary>
    /// Forgets the late probes of an endpoint whose socket was closed: they are gone with its backlog, and their ports may belong to
    /// clients by now.
    /// </summary>
    public void ForgetLate(EndpointAddress endpoint)
    {
        lock (_lock)
        {
            foreach (var ticket in _late.Where(ticket => ticket.Endpoint == endpoint).ToList())
            {
                ForgetLocked(ticket);
            }
        }
    }

    internal void Withdraw(ProbeTicket ticket)
    {
        lock (_lock)
        {
            if (_tickets.GetValueOrDefault(ticket.Source) != ticket || ticket.IsLate)
            {
                return;
            }

            if (!ticket.MayBeConnected)
            {
                _tickets.Remove(ticket.Source);
                return;
            }

            ticket.IsLate = true;
            _late.AddLast(ticket);
            if (_late.Count > MaxLate)
            {
                ForgetLocked(_late.First!.Value);
            }
        }
    }

    private void ForgetLocked(ProbeTicket ticket)
    {
        _late.Remove(ticket);
        _tickets.Remove(ticket.Source);
    }
}
