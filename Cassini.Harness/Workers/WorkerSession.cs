using System.Net.Sockets;
using Cassini.Harness.Clients;
using Cassini.Harness.Verdicts;
using Cassini.Streams.Primitives;
using Grpc.Core;
using Grpc.Net.Client;

namespace Cassini.Harness.Workers;

/// <summary>A worker: joins a controller, and carries out its orders until the run is over.</summary>
internal sealed class WorkerSession(
    WorkerRole role, string name, TlsIdentity identity, TlsIdentity brokerIdentity, Action<string> say, TimeProvider time)
{
    private static readonly TimeSpan JoinTimeout = TimeSpan.FromSeconds(60);

    /// <exception cref="HarnessException">The controller cannot be reached, or refuses, or was lost.</exception>
    public async Task RunAsync(HostPort controller, CancellationToken cancellation)
    {
        using var channel = WorkerChannel.Open(controller, identity);
        using var call = await JoinAsync(channel, controller, cancellation);
        WorkerOrder? order = null;
        try
        {
            while (await call.ResponseStream.MoveNext(cancellation))
            {
                switch (call.ResponseStream.Current, order)
                {
                    case (ControllerMessage.Order { Load: var load }, _):
                        await (order?.DisposeAsync() ?? default);
                        var publishers = Quantity.Of(load.Publishers.Count, "publisher");
                        var subscribers = Quantity.Of(load.Subscribers.Count, "subscriber");
                        say($"test {load.Run.Test + 1}: {publishers}, {subscribers}");
                        order = new WorkerOrder(load, brokerIdentity, call, time);
                        break;
                    case (ControllerMessage.Start, { } current):
                        current.Start();
                        break;
                    case (ControllerMessage.Stop, { } current):
                        await current.DisposeAsync();
                        break;
                    case (ControllerMessage.End, _):
                        say("the run is over");
                        return; // Ends the call, which the controller waits for.
                    case (var message, _):
                        throw WorkerProtocol.Unexpected(message);
                }
            }

            throw new HarnessException("it ended the call");
        }
        catch (Exception exception) when (exception is RpcException or HarnessException)
        {
            cancellation.ThrowIfCancellationRequested();
            var because = order?.Failure ?? (exception is HarnessException ? exception.Message : WorkerProtocol.Words(exception));
            throw new HarnessException($"the controller at {controller} is lost: {because}", Verdict.WorkerLost, exception);
        }
        finally
        {
            await (order?.DisposeAsync() ?? default);
        }
    }

    /// <summary>Joins the controller. Because it may start after its workers, they try until it listens.</summary>
    private async Task<AsyncDuplexStreamingCall<WorkerMessage, ControllerMessage>> JoinAsync(
        GrpcChannel channel, HostPort controller, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        var retry = BackOff.OfClient(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1));
        var isSaid = false;
        while (true)
        {
            var call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(WorkerProtocol.Join, null, default);
            try
            {
                if (await GreetAsync(call, cancellation) is { } welcome)
                {
                    say($"joined {controller} as {name} for '{welcome.Run}'");
                    return call;
                }

                throw new HarnessException($"the controller at {controller} cannot be joined: it ended the call");
            }
            catch (RpcException exception) when (IsNotListening(exception) && time.GetElapsedTime(began) < JoinTimeout)
            {
                call.Dispose();
                if (!isSaid)
                {
                    say($"waiting for the controller at {controller}: {WorkerProtocol.Words(exception)}");
                    isSaid = true;
                }

                await Task.Delay(retry.Next(), time, cancellation);
            }
            catch (RpcException exception)
            {
                call.Dispose();
                cancellation.ThrowIfCancellationRequested();
                throw new HarnessException(
                    exception.StatusCode == StatusCode.FailedPrecondition
                        ? $"the controller at {controller} refused: {exception.Status.Detail}"
                        : $"the controller at {controller} cannot be joined: {WorkerProtocol.Words(exception)}",
                    cause: exception);
            }
            catch
            {
                call.Dispose();
                throw;
            }
        }
    }

    private async Task<ControllerMessage.Welcome?> GreetAsync(
        AsyncDuplexStreamingCall<WorkerMessage, ControllerMessage> call, CancellationToken cancellation)
    {
        try
        {
            await call.RequestStream.WriteAsync(new WorkerMessage.Hello(WorkerProtocol.Version, role, name), cancellation);
        }
        catch (Exception exception) when (WorkerProtocol.IsEnd(exception, WorkerProtocol.HasEnded(call)))
        {
            // The answer says why it could not be sent.
        }

        return await call.ResponseStream.MoveNext(cancellation) ? call.ResponseStream.Current as ControllerMessage.Welcome : null;
    }

    /// <summary>Whether there is no connection. Then gRPC has the exception of the socket, because it connects by itself.</summary>
    private static bool IsNotListening(RpcException exception) => exception.Status.DebugException is SocketException
        or HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError };
}
