using Cassini.Streams.Listening;
using Cassini.Streams.Listening.Endpoints;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Hosting;

/// <summary>Causes real failures: each takes the same code path as the failure that it rehearses.</summary>
/// <param name="listeners">The listeners that fail.</param>
/// <param name="stopTicks">Stops the ticks of the health projection.</param>
/// <param name="resumeTicks">Starts them again.</param>
/// <param name="logger">Logs each rehearsal, so that an operator does not take it for a real failure.</param>
internal sealed class Rehearsals(ListenerManager listeners, Action stopTicks, Action resumeTicks, ILogger logger) : IRehearsals
{
    public bool CrashConnection(long? id)
    {
        HostingLog.Rehearsed(logger, "crash a connection");
        return listeners.TryCrash(id, new RehearsalException("A rehearsal crashed this connection."));
    }

    public bool CrashAcceptLoop(string? endpoint) => Order(
        endpoint,
        "crash an accept loop",
        orders => EndpointOrders.CrashOnce(orders.Mode, new RehearsalException("A rehearsal crashed this accept loop.")));

    public bool CrashManager()
    {
        HostingLog.Rehearsed(logger, "crash the listener manager");
        return listeners.TryPost(new ManagerMessage.Crash(new RehearsalException("A rehearsal crashed the listener manager.")));
    }

    public bool StallAccept(string? endpoint) => Order(endpoint, "stall an accept loop", _ => new EndpointOrders(LoopMode.Stall));

    public bool CloseEndpoint(string? endpoint) => Order(endpoint, "close an endpoint", _ => new EndpointOrders(LoopMode.Close));

    public void StopTicks()
    {
        HostingLog.Rehearsed(logger, "stop the ticks of health");
        stopTicks();
    }

    public void Resume()
    {
        resumeTicks();
        Order(null, "resume", _ => new EndpointOrders(LoopMode.Serve));
    }

    private bool Order(string? endpoint, string what, Func<EndpointOrders, EndpointOrders> change)
    {
        HostingLog.Rehearsed(logger, what);
        return listeners.Order(endpoint, change);
    }
}
