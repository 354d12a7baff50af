namespace Cassini.Streams.Listening.Handshakes;

/// <summary>How far a connection has come at the gate.</summary>
internal enum GateStage
{
    /// <summary>It has sent no byte yet.</summary>
    Silent,

    /// <summary>It has sent its hello and waits for a slot.</summary>
    Waiting,

    /// <summary>It has a slot: its handshake is in flight.</summary>
    InFlight,

    /// <summary>It has finished, given up, or was evicted.</summary>
    Gone,
}

/// <summary>One connection at the <see cref="HandshakeGate"/>. All of it except the task is used only under the gate's lock.</summary>
internal sealed class GatePass : IDisposable
{
    private readonly HandshakeGate _gate;

    public GatePass(HandshakeGate gate, GateAddress? address, IPendingConnection connection)
    {
        _gate = gate;
        Address = address;
        Connection = connection;
        Node = new LinkedListNode<GatePass>(this);
    }

    public IPendingConnection Connection { get; }

    /// <summary>The connection's address; null with a reserved slot, which is in no queue.</summary>
    public GateAddress? Address { get; }

    public GateStage Stage { get; set; }

    /// <summary>The node in the list of the stage, within the address.</summary>
    public LinkedListNode<GatePass> Node { get; }

    /// <summary>The node among all handshakes in flight, oldest first.</summary>
    public LinkedListNode<GatePass>? FlightNode { get; set; }

    /// <summary>The timestamp at which it got its slot.</summary>
    public long Since { get; set; }

    public TaskCompletionSource? Slot { get; set; }

    /// <summary>
    /// Asks for a slot, now that the hello has come. Ends when there is one. It never ends for a connection that is evicted: the
    /// eviction itself ends the connection.
    /// </summary>
    public Task WaitForSlotAsync() => _gate.WaitForSlotAsync(this);

    /// <summary>The handshake succeeded: slots become free by themselves, so none need be evicted.</summary>
    public void Succeed() => _gate.Succeed(this);

    public void Dispose() => _gate.Leave(this);
}
