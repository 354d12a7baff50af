using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Cassini.Harness.Clients;
using Cassini.Harness.Load;
using Cassini.Harness.Plans;
using Cassini.Streams.Feed;
using Cassini.Streams.Primitives;

namespace Cassini.Harness.Workers;

/// <summary>A worker's life: joins a controller and does what it says until it says goodbye.</summary>
internal sealed class WorkerSession(WorkerRole role, string name, TlsIdentity identity, TlsIdentity brokerIdentity, Action<string> say, TimeProvider time)
{
    private static readonly TimeSpan JoinPatience = TimeSpan.FromSeconds(60);

    /// <exception cref="HarnessException">The controller cannot be reached, or refuses.</exception>
    /// <exception cref="WorkerLinkException">The controller was lost.</exception>
    public async Task RunAsync(HostPort controller, CancellationToken cancellation)
    {
        await using var link = new WorkerLink(await ConnectAsync(controller, cancellation), time);
        await link.SendAsync(new WorkerMessage.Hello(WorkerMessage.Protocol, role, name));
        await using var orders = new WorkerOrders(link, brokerIdentity, say, time);
        while (true)
        {
            switch (await link.ReceiveAsync(cancellation))
            {
                case WorkerMessage.Welcome welcome:
                    say($"joined {controller} as {name} for '{welcome.Run}'");
                    break;
                case WorkerMessage.Refused refused:
                    throw new HarnessException($"the controller at {controller} refused: {refused.Reason}");
                case WorkerMessage.PlanOrder plan:
                    await orders.PrepareAsync(plan.Test, plan.Order);
                    break;
                case WorkerMessage.Start start:
                    orders.Start(start.Test);
                    break;
                case WorkerMessage.Stop { Test: { } test }:
                    await orders.StopAsync(test);
                    break;
                case WorkerMessage.Stop:
                    say("the run is over");
                    return;
                case var other:
                    throw new WorkerLinkException($"it sent {other.GetType().Name.ToLowerInvariant()}, which is a worker's to say");
            }
        }
    }

    /// <summary>The controller may start after its workers: until it listens they knock.</summary>
    private async Task<SslStream> ConnectAsync(HostPort controller, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        var delay = BackOff.OfClient(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1));
        var said = false;
        while (true)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(controller.Host, controller.Port, cancellation);
                var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
                await stream.AuthenticateAsClientAsync(identity.AsClientOf(controller.Host), cancellation);
                return stream;
            }
            catch (SocketException exception) when (time.GetElapsedTime(began) < JoinPatience)
            {
                socket.Dispose();
                if (!said)
                {
                    say($"waiting for the controller at {controller}: {ConnectionFailure.Innermost(exception)}");
                    said = true;
                }

                await Task.Delay(delay.Next(), time, cancellation);
            }
            catch (Exception exception) when (exception is SocketException or AuthenticationException or IOException)
            {
                socket.Dispose();
                throw new HarnessException($"the controller at {controller} cannot be joined: {ConnectionFailure.Innermost(exception)}", exception);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }
}
