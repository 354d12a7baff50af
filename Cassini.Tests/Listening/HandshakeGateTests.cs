using System.Net;
using Cassini.Streams.Listening;
using Cassini.Streams.Listening.Handshakes;
using Cassini.Tests.Supervision;

namespace Cassini.Tests.Listening;

public class HandshakeGateTests
{
    private static readonly IPAddress A = IPAddress.Parse("10.0.0.1");
    private static readonly IPAddress B = IPAddress.Parse("10.0.0.2");
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void Enter_Silent_TakesNoSlot()
    {
        using var gate = Gate();
        Enter(gate, A);

        (gate.Pending, gate.InFlight).ShouldBe((1, 0));
    }

    [Fact]
    public void WaitForSlot_SlotsAreFree_GivesOneAtOnce()
    {
        using var gate = Gate();
        var peer = Enter(gate, A);

        peer.Pass!.WaitForSlotAsync().IsCompletedSuccessfully.ShouldBeTrue();

        (gate.Pending, gate.InFlight).ShouldBe((0, 1));
        peer.Pass.Dispose();
        peer.Pass.Dispose();
        gate.InFlight.ShouldBe(0);
    }

    [Fact]
    public async Task Slot_BecomesFree_GoesToTheNewestWaiterOfTheAddress()
    {
        using var gate = Gate(perAddress: 1);
        var first = Enter(gate, A);
        await first.Pass!.WaitForSlotAsync();
        var (older, newer) = (Enter(gate, A), Enter(gate, A));
        var olderSlot = older.Pass!.WaitForSlotAsync();
        var newerSlot = newer.Pass!.WaitForSlotAsync();

        first.Pass.Dispose();
        newerSlot.IsCompleted.ShouldBeTrue();
        olderSlot.IsCompleted.ShouldBeFalse();

        newer.Pass.Dispose();
        olderSlot.IsCompleted.ShouldBeTrue();
    }

    [Fact]
    public async Task Slot_BecomesFree_AddressesTakeTurns()
    {
        using var gate = Gate(total: 1, perAddress: 1);
        var holder = Enter(gate, A);
        await holder.Pass!.WaitForSlotAsync();
        var served = new List<string>();
        var waiting = new List<(string Name, Peer Peer, Task Slot)>();
        foreach (var (name, from) in new[] { ("a1", A), ("a2", A), ("a3", A), ("b1", B), ("b2", B) })
        {
            var peer = Enter(gate, from);
            waiting.Add((name, peer, peer.Pass!.WaitForSlotAsync()));
        }

        for (var current = holder; waiting.Count > 0;)
        {
            current.Pass!.Dispose();
            var next = waiting.Single(w => w.Slot.IsCompleted);
            waiting.Remove(next);
            served.Add(next.Name);
            current = next.Peer;
        }

        served.ShouldBe(["b2", "a3", "b1", "a2", "a1"]);
    }

    [Fact]
    public async Task Address_AtItsCap_LeavesRoomForOthers()
    {
        using var gate = Gate(total: 4, perAddress: 2);
        for (var i = 0; i < 50; i++)
        {
            _ = Enter(gate, A).Pass!.WaitForSlotAsync();
        }

        gate.InFlight.ShouldBe(2);
        await Enter(gate, B).Pass!.WaitForSlotAsync().Within("the other address's slot");
    }

    [Fact]
    public async Task Handshakes_StallWhileOthersWait_AreEvictedOldestFirst()
    {
        using var gate = Gate(perAddress: 2);
        var (oldest, younger) = (Enter(gate, A), Enter(gate, A));
        await oldest.Pass!.WaitForSlotAsync();
        _time.Advance(TimeSpan.FromMilliseconds(900));
        await younger.Pass!.WaitForSlotAsync();
        var waiter = Enter(gate, A);
        var slot = waiter.Pass!.WaitForSlotAsync();

        _time.Advance(TimeSpan.FromMilliseconds(1000));
        slot.IsCompleted.ShouldBeFalse();
        _time.Advance(TimeSpan.FromMilliseconds(500));

        slot.IsCompleted.ShouldBeTrue();
        oldest.Evictions.ShouldBe(1);
        younger.Evictions.ShouldBe(0);
        gate.InFlight.ShouldBe(2);
    }

    [Theory]
    [InlineData(2, 100)]
    [InlineData(100, 2)]
    public async Task Handshakes_AreSlowButSucceed_NoneIsEvictedUntilTheyStop(int total, int perAddress)
    {
        using var gate = Gate(total, perAddress);
        var slow = Enter(gate, A);
        var current = Enter(gate, A);
        await Task.WhenAll(slow.Pass!.WaitForSlotAsync(), current.Pass!.WaitForSlotAsync());
        for (var served = 0; served < 5; served++)
        {
            var next = Enter(gate, A);
            var slot = next.Pass!.WaitForSlotAsync();
            _time.Advance(TimeSpan.FromSeconds(1));
            current.Pass!.Succeed();
            current.Pass.Dispose();
            await slot.Within("the slot that a success freed");
            current = next;
        }

        slow.Evictions.ShouldBe(0);
        var last = Enter(gate, A).Pass!.WaitForSlotAsync();
        _time.Advance(TimeSpan.FromMilliseconds(1500));
        last.IsCompleted.ShouldBeFalse();
        _time.Advance(TimeSpan.FromMilliseconds(500));

        last.IsCompleted.ShouldBeTrue();
        slow.Evictions.ShouldBe(1);
    }

    [Fact]
    public async Task Handshakes_StallWhileNobodyWaits_AreLeftAlone()
    {
        using var gate = Gate(perAddress: 1);
        var slow = Enter(gate, A);
        await slow.Pass!.WaitForSlotAsync();

        _time.Advance(TimeSpan.FromHours(1));

        slow.Evictions.ShouldBe(0);
    }

    [Fact]
    public async Task Total_FullOfStalledOnes_EvictsOneForAnotherAddress()
    {
        using var gate = Gate(total: 2, perAddress: 2);
        var (one, two) = (Enter(gate, A), Enter(gate, A));
        await Task.WhenAll(one.Pass!.WaitForSlotAsync(), two.Pass!.WaitForSlotAsync());
        var slot = Enter(gate, B).Pass!.WaitForSlotAsync();

        _time.Advance(TimeSpan.FromSeconds(3));

        slot.IsCompleted.ShouldBeTrue();
        (one.Evictions + two.Evictions).ShouldBe(1);
    }

    [Fact]
    public async Task Waiter_Leaves_IsNotServedAndEvictsNobody()
    {
        using var gate = Gate(total: 1, perAddress: 1);
        var holder = Enter(gate, A);
        await holder.Pass!.WaitForSlotAsync();
        var waiter = Enter(gate, B);
        var slot = waiter.Pass!.WaitForSlotAsync();
        waiter.Pass.Dispose();

        _time.Advance(TimeSpan.FromSeconds(10));

        slot.IsCompleted.ShouldBeFalse();
        holder.Evictions.ShouldBe(0);
        gate.Pending.ShouldBe(0);
    }

    [Fact]
    public void Enter_AddressOverItsPendingCap_EvictsItsOldestSilentOne()
    {
        using var gate = Gate(pendingPerAddress: 2);
        var (first, second, other) = (Enter(gate, A), Enter(gate, A), Enter(gate, B));

        var third = Enter(gate, A);

        third.Pass.ShouldNotBeNull();
        (first.Evictions, second.Evictions, other.Evictions).ShouldBe((1, 0, 0));
        gate.Pending.ShouldBe(3);
    }

    [Fact]
    public async Task Enter_AddressOverItsPendingCapOfOne_StillServesTheNewcomer()
    {
        using var gate = Gate(pendingPerAddress: 1);
        Enter(gate, A);
        var newcomer = Enter(gate, A);

        await newcomer.Pass!.WaitForSlotAsync().Within("the newcomer's slot");
        newcomer.Pass.Dispose();

        (gate.Pending, gate.InFlight).ShouldBe((0, 0));
    }

    [Fact]
    public void Enter_OverThePendingCapInTotal_EvictsFromTheFullestAddress()
    {
        using var gate = Gate(pending: 3);
        var (first, second, other) = (Enter(gate, A), Enter(gate, A), Enter(gate, B));

        Enter(gate, IPAddress.Parse("10.0.0.3"));

        (first.Evictions, second.Evictions, other.Evictions).ShouldBe((1, 0, 0));
        gate.Pending.ShouldBe(3);
    }

    [Fact]
    public void Enter_AnyHistory_EvictsFromAnAddressWithTheMostPending()
    {
        const int Cap = 40;
        using var gate = Gate(total: 8, perAddress: 3, pending: Cap);
        var random = new Random(20);
        var peers = new List<(int Address, Peer Peer)>();
        for (var step = 0; step < 20_000; step++)
        {
            var pending = peers.Where(entry => entry.Peer.Pass!.Stage is GateStage.Silent or GateStage.Waiting)
                .GroupBy(entry => entry.Address).ToDictionary(group => group.Key, group => group.Count());
            gate.Pending.ShouldBe(pending.Values.Sum());
            var some = peers.Count > 0 ? peers[random.Next(peers.Count)] : default;
            switch (random.Next(5))
            {
                case 0 when some.Peer is not null:
                    some.Peer.Pass!.Dispose();
                    peers.Remove(some);
                    break;
                case 1 when some.Peer is { Pass.Stage: GateStage.Silent }:
                    _ = some.Peer.Pass!.WaitForSlotAsync();
                    break;
                default:
                    var from = random.Next(12);
                    peers.Add((from, Enter(gate, new IPAddress([10, 0, 1, (byte)from]))));
                    var evicted = peers.Where(entry => entry.Peer.Evictions > 0).ToList();
                    evicted.Count.ShouldBe(pending.Values.Sum() == Cap ? 1 : 0);
                    evicted.ForEach(entry => pending[entry.Address].ShouldBe(pending.Values.Max()));
                    peers.RemoveAll(entry => entry.Peer.Evictions > 0);
                    break;
            }
        }
    }

    [Fact]
    public async Task Reserved_EverythingFull_HasASlot()
    {
        using var gate = Gate(total: 1, perAddress: 1, pending: 1, pendingPerAddress: 1);
        await Enter(gate, A).Pass!.WaitForSlotAsync();
        Enter(gate, A);

        var canary = gate.Enter(A, new Peer(), reserved: true).ShouldNotBeNull();

        await canary.WaitForSlotAsync().Within("the reserved slot");
        (gate.Reserved, gate.InFlight).ShouldBe((1, 1));
        canary.Dispose();
        gate.Reserved.ShouldBe(0);
    }

    private static Peer Enter(HandshakeGate gate, IPAddress from)
    {
        var peer = new Peer();
        peer.Pass = gate.Enter(from, peer, reserved: false);
        return peer;
    }

    private HandshakeGate Gate(int total = 100, int perAddress = 100, int pending = 1000, int pendingPerAddress = 1000) => new(
        new ListenerOptions
        {
            Endpoints = [ListeningRig.AnyPort],
            MaxHandshakes = total,
            MaxHandshakesPerAddress = perAddress,
            MaxPending = pending,
            MaxPendingPerAddress = pendingPerAddress,
            StallGrace = TimeSpan.FromSeconds(2),
        },
        _time);

    private sealed class Peer : IPendingConnection
    {
        public GatePass? Pass { get; set; }

        public int Evictions { get; private set; }

        public void Evict(string detail) => Evictions++;
    }
}
