using System.Net;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Listening.Handshakes;

/// <summary>
/// The connections at the gate, by address: which is evicted when there are too many, and which gets the next slot. The rules without
/// the lock, the timer and the calls, which are the gate's. Used only under the gate's lock.
/// </summary>
internal sealed class GateQueue(ListenerOptions options, TimeProvider time)
{
    private readonly Dictionary<PeerKey, GateAddress> _addresses = [];
    private readonly PendingRanking _ranking = new();
    private readonly Queue<GateAddress> _turns = new();
    private readonly LinkedList<GatePass> _inFlight = new();
    private long _lastSuccess = time.GetTimestamp();
    private long _awakeSince = time.GetTimestamp();

    /// <summary>Connections without a slot, the silent ones included.</summary>
    public int Pending { get; private set; }

    /// <summary>Connections that wait for a slot.</summary>
    public int Waiting { get; private set; }

    public int InFlight => _inFlight.Count;

    /// <summary>The address of a peer; it is forgotten when its last connection leaves.</summary>
    public GateAddress AddressOf(IPAddress from)
    {
        var key = PeerKey.Of(from);
        if (!_addresses.TryGetValue(key, out var address))
        {
            _addresses.Add(key, address = new GateAddress(key, time.GetTimestamp()));
        }

        return address;
    }

    /// <summary>The pending connection that must leave before one more of this address comes; null while there is no need.</summary>
    /// <remarks>The address with the most pending ones loses one, so that no number of silent peers keeps another address out.</remarks>
    public GatePass? ExcessBefore(GateAddress address)
    {
        var fullest = address.Pending >= options.MaxPendingPerAddress ? address
            : Pending >= options.MaxPending ? _ranking.First
            : null;
        return (fullest?.Silent.First ?? fullest?.Waiting.First)?.Value;
    }

    public void AddSilent(GatePass pass, GateAddress address)
    {
        address.Silent.AddLast(pass.Node);
        Pending++;
        _ranking.Update(address);
    }

    /// <summary>A silent connection sent its hello: it waits from now on.</summary>
    public void BeginWait(GatePass pass, GateAddress address)
    {
        address.Silent.Remove(pass.Node);
        address.Waiting.AddLast(pass.Node);
        pass.Stage = GateStage.Waiting;
        Waiting++;
        QueueTurn(address);
    }

    /// <summary>Gives free slots to the addresses in turn, and within each to its newest waiter.</summary>
    /// <param name="given">Gets the connections that have a slot now.</param>
    public void Serve(List<GatePass> given)
    {
        while (_inFlight.Count < options.MaxHandshakes && HasNext())
        {
            var address = _turns.Dequeue();
            address.IsInTurn = false;
            var newest = address.Waiting.Last!;
            var pass = newest.Value;
            address.Waiting.Remove(newest);
            address.InFlight.AddLast(newest);
            pass.FlightNode = _inFlight.AddLast(pass);
            pass.Stage = GateStage.InFlight;
            pass.Since = time.GetTimestamp();
            Waiting--;
            Pending--;
            _ranking.Update(address);
            given.Add(pass);
            QueueTurn(address);
        }
    }

    /// <summary>
    /// Evicts handshakes that are older than the grace while others wait and none succeeds, and gives their slots away.
    /// </summary>
    public void EvictStalled(List<GatePass> evicted, List<GatePass> given)
    {
        // Not a walk over the addresses, because handshakes are few however many addresses wait.
        foreach (var stalled in _inFlight.TakeWhile(pass => IsQuiet(pass.Since)).ToList())
        {
            if (stalled.Address is { Waiting.Count: > 0, InFlight.First: { } oldest } address
                && address.InFlight.Count >= options.MaxHandshakesPerAddress && IsQuiet(address.LastSuccess))
            {
                Evict(oldest.Value, address, evicted);
                Serve(given);
            }
        }

        while (IsQuiet(_lastSuccess) && _inFlight.Count >= options.MaxHandshakes && HasNext()
            && _inFlight.First is { Value: { Address: { } address } oldest } && IsQuiet(oldest.Since))
        {
            Evict(oldest, address, evicted);
            Serve(given);
        }
    }

    /// <summary>This process was paused: no peer could get on meanwhile, so the grace begins anew for all.</summary>
    public void Forgive() => _awakeSince = time.GetTimestamp();

    public void Succeed(GateAddress address) => address.LastSuccess = _lastSuccess = time.GetTimestamp();

    /// <summary>The connection leaves, whatever its stage.</summary>
    public void Remove(GatePass pass, GateAddress address)
    {
        var stage = pass.Stage;
        pass.Stage = GateStage.Gone;
        pass.Node.List!.Remove(pass.Node);
        if (stage == GateStage.InFlight)
        {
            _inFlight.Remove(pass.FlightNode!);
            QueueTurn(address);
        }
        else
        {
            Pending--;
            Waiting -= stage == GateStage.Waiting ? 1 : 0;
            _ranking.Update(address);
        }

        ForgetIfEmpty(address);
    }

    private bool IsQuiet(long since) => time.GetElapsedTime(Math.Max(since, _awakeSince)) >= options.StallGrace;

    private void Evict(GatePass pass, GateAddress address, List<GatePass> evicted)
    {
        evicted.Add(pass);
        Remove(pass, address);
    }

    /// <summary>Whether an address can be served next; drops the turns of those that need or may have no slot any more.</summary>
    private bool HasNext()
    {
        while (_turns.TryPeek(out var address))
        {
            if (CanBeServed(address))
            {
                return true;
            }

            _turns.Dequeue();
            address.IsInTurn = false;
            ForgetIfEmpty(address);
        }

        return false;
    }

    private bool CanBeServed(GateAddress address) =>
        address.Waiting.Count > 0 && address.InFlight.Count < options.MaxHandshakesPerAddress;

    private void QueueTurn(GateAddress address)
    {
        if (!address.IsInTurn && CanBeServed(address))
        {
            address.IsInTurn = true;
            _turns.Enqueue(address);
        }
    }

    private void ForgetIfEmpty(GateAddress address)
    {
        if (address.IsEmpty)
        {
            _addresses.Remove(address.Key);
        }
    }
}
