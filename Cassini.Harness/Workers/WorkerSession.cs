using Cassini.Harness.Clients;
using Cassini.Streams.Primitives;
using Grpc.Core;
using Grpc.Net.Client;

namespace Cassini.Harness.Workers;

/// <summary>A worker: joins a controller, and does what it orders until the run is over.</summary>
internal sealed class WorkerSession(
    WorkerRole role, string name, TlsIdentity identity, TlsIdentity brokerIdentity, Action<string> say, TimeProvider time)
{
    private static readonly TimeSpan JoinPatience = TimeSpan.FromSeconds(60);

    /// <exception cref="HarnessException">The controller cannot be reached, or refuses.</exception>
    /// <exception cref="ControllerLostException">The controller was lost.</exception>
    public async Task RunAsync(HostPort controller, CancellationToken cancellation)
    {
        using var channel = WorkerChannel.Open(controller, identity);
        using var call = await JoinAsync(channel, controller, cancellation);
        var isOver = false;
        var writer = new MessageWriter<WorkerMessage>(call.RequestStream, time);
        await using var orders = new WorkerOrders(writer, brokerIdentity, say, time);
        try
        {
            while (await call.ResponseStream.MoveNext(cancellation))
            {
                switch (call.ResponseStream.Current)
                {
                    case ControllerMessage.Order order:
                        await orders.PrepareAsync(order.Test, order.Load);
                        break;
                    case ControllerMessage.Start start:
                        orders.Start(start.Test);
                        break;
                    case ControllerMessage.Stop stop:
                        await orders.StopAsync(stop.Test);
                        break;
                    case ControllerMessage.End:
                        say("the run is over");
                        isOver = true;
                        await writer.TryCompleteAsync(); // The controller waits for it, and then ends the call.
                        break;
                }
            }
        }
        catch (RpcException exception) when (!isOver)
        {
            cancellation.ThrowIfCancellationRequested();
            throw new ControllerLostException(WorkerProtocol.Words(exception), exception);
        }
        catch (RpcException)
        {
            // The controller was quicker.
        }

        if (!isOver)
        {
            throw new ControllerLostException("it hung up");
        }
    }

    /// <summary>The controller may start after its workers: they try again until it listens.</summary>
    private async Task<AsyncDuplexStreamingCall<WorkerMessage, ControllerMessage>> JoinAsync(
        GrpcChannel channel, HostPort controller, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        var delay = BackOff.OfClient(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1));
        var isSaid = false;
        while (true)
        {
            var call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(WorkerProtocol.Join, null, default);
            try
            {
                // Whether or not it can be sent: the answer says why.
                await new MessageWriter<WorkerMessage>(call.RequestStream, time)
                    .TryWriteAsync(new WorkerMessage.Hello(WorkerProtocol.Version, role, name));
                if (await call.ResponseStream.MoveNext(cancellation) && call.ResponseStream.Current is ControllerMessage.Welcome welcome)
                {
                    say($"joined {controller} as {name} for '{welcome.Run}'");
                    return call;
                }

                throw new HarnessException($"the controller at {controller} cannot be joined: it hung up");
            }
            catch (RpcException exception) when (IsNotListening(exception) && time.GetElapsedTime(began) < JoinPatience)
            {
                call.Dispose();
                if (!isSaid)
                {
                    say($"waiting for the controller at {controller}: {WorkerProtocol.Words(exception)}");
                    isSaid = true;
                }

                await Task.Delay(delay.Next(), time, cancellation);
            }
            catch (RpcException exception)
            {
                call.Dispose();
                cancellation.ThrowIfCancellationRequested();
                throw new HarnessException(
                    exception.StatusCode == StatusCode.FailedPrecondition
                        ? $"the controller at {controller} refused: {exception.Status.Detail}"
                        : $"the controller at {controller} cannot be joined: {WorkerProtocol.Words(exception)}",
                    exception);
            }
            catch
            {
                call.Dispose();
                throw;
            }
        }
    }

    private static bool IsNotListening(RpcException exception) => exception.Status.DebugException is HttpRequestException
    {
        HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError,
    };
}
