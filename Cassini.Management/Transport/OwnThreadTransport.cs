using System.Net;
using System.Net.Sockets;
using Cassini.Management.Access;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Cassini.Management.Transport;

/// <summary>
/// The management's connections before Kestrel has them, on a thread of its own: an orchestrator's probe is answered there, whatever
/// occupies the thread pool, and connections that ask nothing give way to new ones. The rest goes to Kestrel with its first bytes.
/// </summary>
/// <param name="services">Of the application.</param>
/// <param name="limits">How many may wait, for how long, and how many Kestrel may be given.</param>
/// <param name="places">How many connections each caller may have.</param>
/// <param name="refusals">Counts connections that are closed for want of room.</param>
/// <param name="time">The clock.</param>
/// <param name="loggers">Where it logs.</param>
internal sealed class OwnThreadTransport(
    IServiceProvider services, TransportLimits limits, CallerPlaces places, Refusals refusals, TimeProvider time, ILoggerFactory loggers)
    : IConnectionListenerFactory
{
    /// <summary>Answers probes; null while none is answered here.</summary>
    public RequestDelegate? Application { get; set; }

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        Socket? listening = null;
        try
        {
            listening = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
            listening.Listen(limits.Backlog);
            var contexts = new SocketConnectionContextFactory(
                new SocketConnectionFactoryOptions(), loggers.CreateLogger(typeof(SocketConnectionContextFactory).FullName!));
            return ValueTask.FromResult<IConnectionListener>(new OwnThreadListener(
                listening,
                new WaitingConnections(limits.Waiting, limits.LongestWait, places, time),
                new HandOver(contexts, limits.HandedOver),
                Answer,
                () => refusals.Add(RefusalKind.Connections),
                loggers.CreateLogger<OwnThreadListener>()));
        }
        catch (SocketException failure) when (failure.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            listening?.Dispose();
            throw new AddressInUseException(failure.Message, failure);
        }
        catch
        {
            listening?.Dispose();
            throw;
        }
    }

    /// <returns>Null when Kestrel must answer.</returns>
    private byte[]? Answer(BareRequest request, IPEndPoint remote)
    {
        try
        {
            return Application is { } application ? BareAnswer.To(request, application, services, remote, time.GetUtcNow()) : null;
        }
        catch (ObjectDisposedException)
        {
            // The application is disposed of without a stop, as after a start that failed. Kestrel, which ends next, closes the connection.
            return null;
        }
    }
}
