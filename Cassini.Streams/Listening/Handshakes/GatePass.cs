namespace Cassini.Streams.Listening.Handshakes;

/// <summary>How far a guest of the gate has come.</summary>
internal enum GateStage
{
    /// <summary>Connected, no byte yet.</summary>
    Silent,

    /// <summary>Sent bytes and waits for a place.</summary>
    Waiting,

    /// <summary>Has a place: its handshake is in flight.</summary>
    InFlight,

    /// <summary>Finished, gave up, or made room.</summary>
    Gone,
}

/// <summary>A guest's stay at the <see cref="HandshakeGate"/>. All but the task belongs to the gate's lock.</summary>
internal sealed class GatePass : IDisposable
{
    private readonly HandshakeGate _gate;

    public GatePass(HandshakeGate gate, GateAddress? address, IGateGuest guest)
    {
        _gate = gate;
        Address = address;
        Guest = guest;
        Node = new LinkedListNode<GatePass>(this);
    }

    public IGateGuest Guest { get; }

    /// <summary>The guest's address; null with a reserved place, which is in no queue.</summary>
    public GateAddress? Address { get; }

    public GateStage Stage { get; set; }

    /// <summary>The place in the list of the stage, within the address.</summary>
    public LinkedListNode<GatePass> Node { get; }

    /// <summary>The place among all handshakes in flight, oldest first.</summary>
    public LinkedListNode<GatePass>? FlightNode { get; set; }

    /// <summary>When the place was given: a timestamp.</summary>
    public long Since { get; set; }

    public TaskCompletionSource? Place { get; set; }

    /// <summary>
    /// Asks for a place, now that bytes have come. Ends when there is one. It stays open for a guest that is told to make
    /// room: that is the guest's end.
    /// </summary>
    public Task WaitForPlaceAsync() => _gate.WaitForPlaceAsync(this);

    /// <summary>The handshake succeeded: places turn over, so nobody need make room.</summary>
    public void Succeed() => _gate.Succeed(this);

    public void Dispose() => _gate.Leave(this);
}
