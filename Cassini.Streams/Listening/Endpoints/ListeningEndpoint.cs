using System.Net;
using System.Net.Sockets;
using Cassini.Streams.Events;
using Cassini.Streams.Primitives;
using Cassini.Streams.Supervision;

namespace Cassini.Streams.Listening.Endpoints;

/// <summary>
/// An endpoint and its socket. It outlives the crashes of its accept loop, so that no client in the kernel's backlog is lost.
/// Only the loop's present run and, when the loop has ended or had its time to end, the manager use the socket.
/// </summary>
internal sealed class ListeningEndpoint(EndpointAddress address, ListeningContext context)
{
    private readonly TaskCompletionSource _firstAttempt = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private volatile EndpointStatus _status = new(address, null, EndpointState.Pending);
    private volatile EndpointOrders _orders = new(LoopMode.Serve);
    private volatile bool _rebind;
    private volatile bool _isBackingOff;

    public EndpointAddress Address { get; } = address;

    /// <summary>Its present state: immutable, any thread.</summary>
    public EndpointStatus Status => _status;

    /// <summary>Ends when the first bind attempt has succeeded or failed.</summary>
    public Task FirstAttempt => _firstAttempt.Task;

    /// <summary>The listening socket; null while it is not bound.</summary>
    public Socket? Socket { get; private set; }

    /// <summary>A socket that was accepted and not looked at yet; it outlives an interruption of the loop.</summary>
    public (Socket Socket, long At)? Accepted { get; set; }

    /// <summary>A socket that waits for room in the manager's mailbox; after an interruption of the loop it is passed first.</summary>
    public AcceptedSocket? InHand { get; set; }

    /// <summary>Whether the system lets the loop accept no connection at the moment. Any thread.</summary>
    public bool IsBackingOff
    {
        get => _isBackingOff;
        set => _isBackingOff = value;
    }

    public EndpointOrders Orders => _orders;

    /// <summary>The loop's supervision; null before the start.</summary>
    public SupervisedComponent? Supervised { get; set; }

    /// <summary>Replaces the orders.</summary>
    public void Order(Func<EndpointOrders, EndpointOrders> change)
    {
        EndpointOrders old;
        lock (_lock)
        {
            old = _orders;
            _orders = change(old);
        }

        TaskObserver.Observe(old.SupersedeAsync(), failure => ListeningLog.CancellationFailed(context.Logger, failure));
    }

    /// <summary>Makes the next run close the socket and bind it again.</summary>
    public void RequestRebind() => _rebind = true;

    /// <summary>Whether a rebind was requested; asks once.</summary>
    public bool TakeRebind()
    {
        var rebind = _rebind;
        _rebind = false;
        return rebind;
    }

    /// <summary>Takes a socket that listens.</summary>
    /// <exception cref="SocketException">It has no local address. It is closed, as with any other exception.</exception>
    public void Bound(Socket socket)
    {
        var bound = AddressOf(socket);
        Socket = socket;
        _status = new EndpointStatus(Address, bound, EndpointState.Bound);
        context.Events.Publish(new ListenerBound(Address.ToString(), bound.ToString()));
        _firstAttempt.TrySetResult();
    }

    public void BindFailed(SocketException failure, int attempt, TimeSpan retryIn)
    {
        _status = new EndpointStatus(Address, null, EndpointState.Failed);
        context.Events.Publish(new BindFailed(Address.ToString(), failure.SocketErrorCode.ToString(), failure.Message, attempt, retryIn));
        _firstAttempt.TrySetResult();
    }

    /// <summary>Closes the socket, if there is one.</summary>
    public void Close(ListenerCloseReason reason)
    {
        _firstAttempt.TrySetResult();
        var wasBound = Socket is not null;
        Socket?.Dispose();
        Socket = null;
        if (wasBound || _status.State != EndpointState.Closed)
        {
            _status = new EndpointStatus(Address, null, EndpointState.Closed);
        }

        if (wasBound)
        {
            context.Probes.ForgetLate(Address);
            context.Events.Publish(new ListenerClosed(Address.ToString(), reason));
        }
    }

    private static EndpointAddress AddressOf(Socket socket)
    {
        try
        {
            var local = (IPEndPoint)socket.LocalEndPoint!;
            return new EndpointAddress(local.Address, local.Port);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
