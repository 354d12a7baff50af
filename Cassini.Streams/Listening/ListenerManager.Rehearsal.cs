using Cassini.Streams.Listening.Endpoints;

namespace Cassini.Streams.Listening;

/// <summary>Faults that can be rehearsed: each takes the same path as the real one.</summary>
public sealed partial class ListenerManager
{
    /// <summary>Makes what a connection's handler awaits throw.</summary>
    /// <param name="connectionId">Which; null for any open connection.</param>
    /// <returns>False when there is no such open connection.</returns>
    public bool CrashConnection(long? connectionId)
    {
        var crash = new RehearsalException("A rehearsal crashed this connection.");
        ListeningLog.Rehearsed(_context.Logger, "crash a connection");
        return connectionId is { } id
            ? id > 0 && (_context.Connections.Find(id)?.TryCrash(crash) ?? false)
            : _context.Connections.All.Any(connection => !connection.IsProbe && connection.TryCrash(crash));
    }

    /// <summary>Crashes an accept loop; its socket stays open.</summary>
    /// <param name="endpoint">Which, as configured; null for every one.</param>
    /// <returns>False when there is no such endpoint.</returns>
    public bool CrashAcceptLoop(string? endpoint) => Order(
        endpoint,
        "crash an accept loop",
        orders => EndpointOrders.CrashOnce(orders.Mode, new RehearsalException("A rehearsal crashed this accept loop.")));

    /// <summary>Crashes the manager; connections, sockets and mailbox outlive it.</summary>
    /// <returns>False when its mailbox has no room.</returns>
    public bool CrashManager()
    {
        ListeningLog.Rehearsed(_context.Logger, "crash the listener manager");
        return _mailbox.Writer.TryWrite(new ManagerMessage.Crash(new RehearsalException("A rehearsal crashed the listener manager.")));
    }

    /// <summary>Keeps an endpoint bound but accepts nobody, until <see cref="Resume"/>.</summary>
    /// <param name="endpoint">Which, as configured; null for every one.</param>
    /// <returns>False when there is no such endpoint.</returns>
    public bool StallAccept(string? endpoint) => Order(endpoint, "stall an accept loop", _ => new EndpointOrders(LoopMode.Stall));

    /// <summary>Closes an endpoint, until <see cref="Resume"/>.</summary>
    /// <param name="endpoint">Which, as configured; null for every one.</param>
    /// <returns>False when there is no such endpoint.</returns>
    public bool CloseEndpoint(string? endpoint) => Order(endpoint, "close an endpoint", _ => new EndpointOrders(LoopMode.Close));

    /// <summary>Undoes <see cref="StallAccept"/> and <see cref="CloseEndpoint"/> on every endpoint.</summary>
    public void Resume() => Order(null, "resume", _ => new EndpointOrders(LoopMode.Serve));

    private bool Order(string? endpoint, string what, Func<EndpointOrders, EndpointOrders> change)
    {
        ListeningLog.Rehearsed(_context.Logger, what);
        var found = false;
        foreach (var candidate in _endpoints.Where(candidate => endpoint is null || candidate.Address.ToString() == endpoint))
        {
            candidate.Order(change);
            found = true;
        }

        return found;
    }
}
