using System.Diagnostics.CodeAnalysis;
using System.Net;
using Cassini.Streams.Listening.Endpoints;

namespace Cassini.Streams.Listening.Probes;

/// <summary>
/// Tells our own probes from clients: a probe binds its local port first and announces it, and nobody else can connect from
/// that address and port while it does. One that gave up but may still wait in the kernel's backlog stays known, or it
/// would be taken for a client when a stalled loop runs again. Thread-safe; bounded.
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

    /// <summary>Whether a connection from there is a probe of our own; a ticket is good for one connection.</summary>
    public bool TryTake(EndpointAddress endpoint, IPEndPoint source, [NotNullWhen(true)] out ProbeTicket? ticket)
    {
        lock (_lock)
        {
            // A port that a probe of another endpoint once used may be anybody's by now.
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

    /// <summary>The endpoint's backlog is gone, and with it all late probes: their ports may be a client's by now.</summary>
    public void ForgetLate(EndpointAddress endpoint)
    {
        lock (_lock)
        {
            foreach (var ticket in _late.Where(ticket => ticket.Endpoint == endpoint).ToList())
            {
                Forget(ticket);
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
                Forget(_late.First!.Value);
            }
        }
    }

    private void Forget(ProbeTicket ticket)
    {
        _late.Remove(ticket);
        _tickets.Remove(ticket.Source);
    }
}
