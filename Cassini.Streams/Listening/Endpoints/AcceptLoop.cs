using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Cassini.Streams.Events;
using Cassini.Streams.Listening.Probes;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Listening.Endpoints;

/// <summary>One run of an endpoint's accept loop: binds, accepts, acknowledges probes, and passes sockets to the manager.</summary>
internal sealed class AcceptLoop(
    ListeningContext context, ListeningEndpoint endpoint, ISocketTransport transport, ChannelWriter<ManagerMessage> mailbox)
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(1);
    private readonly BackOff _bindBackOff = new(context.Options.BindRetryDelay, context.Options.MaxBindRetryDelay);
    private readonly BackOff _acceptBackOff = new(context.Options.AcceptBackOff, context.Options.MaxAcceptBackOff);
    private readonly BurstCounter _failures = new(ReportInterval, context.Time);
    private int _bindAttempt;
    private CancellationToken _ending;

    /// <summary>Runs until it is cancelled. The socket stays open, because the endpoint owns it.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        _ending = cancellationToken;
        if (endpoint.TakeRebind())
        {
            endpoint.Close(ListenerCloseReason.Failed);
        }

        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var orders = endpoint.Orders;
            if (orders.TakeCrash() is { } crash)
            {
                throw crash;
            }

            using var interrupted = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, orders.Changed);
            try
            {
                await FollowAsync(orders, interrupted.Token);
            }
            catch (OperationCanceledException) when (orders.Changed.IsCancellationRequested)
            {
                // New orders.
            }
        }
    }

    private async Task FollowAsync(EndpointOrders orders, CancellationToken cancellationToken)
    {
        if (orders.Mode != LoopMode.Serve)
        {
            if (orders.Mode == LoopMode.Close)
            {
                endpoint.Close(ListenerCloseReason.Rehearsal);
            }

            await Task.Delay(Timeout.InfiniteTimeSpan, context.Time, cancellationToken);
        }

        while (endpoint.Socket is null)
        {
            await BindAsync(cancellationToken);
        }

        // Checked after each accept, because an accept that has succeeded can no longer be cancelled: a client that connects after new
        // orders were given is not served under the old ones.
        while (endpoint.Orders == orders)
        {
            await PassOnAsync(cancellationToken);
            await AcceptAsync(endpoint.Socket, cancellationToken);
        }
    }

    private async Task BindAsync(CancellationToken cancellationToken)
    {
        _bindAttempt++;
        try
        {
            endpoint.Bound(UnlessEnded(transport.Listen(endpoint.Address, context.Options.Backlog)));
            _bindAttempt = 0;
            _bindBackOff.Reset();
        }
        catch (SocketException failure)
        {
            var retryIn = _bindBackOff.Next();
            endpoint.BindFailed(failure, _bindAttempt, retryIn);
            await Task.Delay(retryIn, context.Time, cancellationToken);
        }
    }

    private async Task AcceptAsync(Socket listener, CancellationToken cancellationToken)
    {
        try
        {
            var socket = UnlessEnded(await transport.AcceptAsync(listener, cancellationToken));
            endpoint.Accepted = (socket, context.Time.GetTimestamp());
            endpoint.IsBackingOff = false;
            _acceptBackOff.Reset();
        }
        catch (SocketException failure) when (IsOfThePeer(failure.SocketErrorCode))
        {
            ListeningLog.PeerGoneBeforeAccept(context.Logger, endpoint.Address, failure.Message);
        }
        catch (SocketException failure) when (!IsBroken(failure.SocketErrorCode))
        {
            await BackOffAsync(failure, cancellationToken);
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            endpoint.RequestRebind();
            throw;
        }
    }

    /// <summary>
    /// Returns the socket, or closes it when this run has ended: an abandoned run may get a socket while another run already uses the
    /// endpoint.
    /// </summary>
    private Socket UnlessEnded(Socket socket)
    {
        if (_ending.IsCancellationRequested)
        {
            socket.Dispose();
            throw new OperationCanceledException(_ending);
        }

        return socket;
    }

    /// <summary>Keeps an accepted socket for the manager, or acknowledges and closes it when it is an accept probe of our own.</summary>
    private void Receive(Socket socket, long acceptedAt)
    {
        IPEndPoint remote;
        try
        {
            remote = Plain((IPEndPoint)socket.RemoteEndPoint!);
            socket.NoDelay = true;
            Sockets.KeepAlive(socket, context.Options);
        }
        catch (SocketException)
        {
            socket.Dispose(); // the peer is already gone: this never was a connection
            return;
        }

        if (context.Probes.TryTake(endpoint.Address, remote, out var ticket) && (ticket.Kind == ProbeKind.Accept || ticket.IsLate))
        {
            ticket.Succeed();
            socket.Dispose();
            return;
        }

        endpoint.InHand = new AcceptedSocket(socket, endpoint.Address, remote, acceptedAt, ticket);
    }

    /// <summary>Waits for room in the mailbox: while the manager is busy or down, clients wait in the kernel's backlog.</summary>
    private async Task PassOnAsync(CancellationToken cancellationToken)
    {
        if (endpoint.Accepted is { } accepted)
        {
            endpoint.Accepted = null;
            Receive(accepted.Socket, accepted.At);
        }

        if (endpoint.InHand is { } inHand)
        {
            await mailbox.WriteAsync(new ManagerMessage.Accepted(inHand), cancellationToken);
            endpoint.InHand = null;
        }
    }

    /// <summary>A client that came over IPv4 to <c>[::]</c> has its IPv4 address in events and limits.</summary>
    private static IPEndPoint Plain(IPEndPoint remote) =>
        remote.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(remote.Address.MapToIPv4(), remote.Port) : remote;

    private async Task BackOffAsync(SocketException failure, CancellationToken cancellationToken)
    {
        endpoint.IsBackingOff = true;
        var retryIn = _acceptBackOff.Next();
        if (_failures.Add() is > 0 and var failures)
        {
            context.Events.Publish(
                new AcceptFailed(endpoint.Address.ToString(), failure.SocketErrorCode.ToString(), failures, retryIn));
        }

        await Task.Delay(retryIn, context.Time, cancellationToken);
    }

    /// <summary>
    /// Whether the error is one of the connection that accept(2) would have returned: then the next accept need not wait.
    /// </summary>
    private static bool IsOfThePeer(SocketError error) =>
        error is SocketError.ConnectionAborted or SocketError.ConnectionReset or SocketError.HostUnreachable
            or SocketError.NetworkUnreachable or SocketError.HostDown or SocketError.NetworkDown or SocketError.TimedOut;

    /// <summary>Whether the error is one of the listening socket itself: then it must be bound again.</summary>
    private static bool IsBroken(SocketError error) =>
        error is SocketError.NotSocket or SocketError.InvalidArgument or SocketError.OperationNotSupported;
}
