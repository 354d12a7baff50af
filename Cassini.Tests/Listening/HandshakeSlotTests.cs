using Cassini.Tests.Supervision;
using static Cassini.Tests.Listening.GateRig;

namespace Cassini.Tests.Listening;

/// <summary>Which waiting connection gets a slot of the gate.</summary>
public class HandshakeSlotTests
{
    [Fact]
    public void Enter_Silent_TakesNoSlot()
    {
        using var rig = new GateRig();
        rig.Enter(A);

        (rig.Gate.Pending, rig.Gate.InFlight).ShouldBe((1, 0));
    }

    [Fact]
    public void WaitForSlot_SlotsAreFree_GivesOneAtOnce()
    {
        using var rig = new GateRig();
        var peer = rig.Enter(A);

        peer.Pass!.WaitForSlotAsync().IsCompletedSuccessfully.ShouldBeTrue();

        (rig.Gate.Pending, rig.Gate.InFlight).ShouldBe((0, 1));
        peer.Pass.Dispose();
        peer.Pass.Dispose();
        rig.Gate.InFlight.ShouldBe(0);
    }

    [Fact]
    public async Task Slot_BecomesFree_GoesToTheNewestWaiterOfTheAddress()
    {
        using var rig = new GateRig(perAddress: 1);
        var first = rig.Enter(A);
        await first.Pass!.WaitForSlotAsync();
        var (older, newer) = (rig.Enter(A), rig.Enter(A));
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
        using var rig = new GateRig(total: 1, perAddress: 1);
        var holder = rig.Enter(A);
        await holder.Pass!.WaitForSlotAsync();
        var served = new List<string>();
        var waiting = new List<(string Name, GatePeer Peer, Task Slot)>();
        foreach (var (name, from) in new[] { ("a1", A), ("a2", A), ("a3", A), ("b1", B), ("b2", B) })
        {
            var peer = rig.Enter(from);
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
    public async Task Slots_AddressIsAtItsCap_OthersGetTheRest()
    {
        using var rig = new GateRig(total: 4, perAddress: 2);
        for (var i = 0; i < 50; i++)
        {
            _ = rig.Enter(A).Pass!.WaitForSlotAsync();
        }

        rig.Gate.InFlight.ShouldBe(2);
        await rig.Enter(B).Pass!.WaitForSlotAsync().Within("the other address's slot");
    }

    [Fact]
    public async Task Waiter_Leaves_IsNotServedAndEvictsNoOther()
    {
        using var rig = new GateRig(total: 1, perAddress: 1);
        var holder = rig.Enter(A);
        await holder.Pass!.WaitForSlotAsync();
        var waiter = rig.Enter(B);
        var slot = waiter.Pass!.WaitForSlotAsync();
        waiter.Pass.Dispose();

        rig.Time.Advance(TimeSpan.FromSeconds(10));

        slot.IsCompleted.ShouldBeFalse();
        holder.Evictions.ShouldBe(0);
        rig.Gate.Pending.ShouldBe(0);
    }

    [Fact]
    public async Task Reserved_EverythingFull_HasASlot()
    {
        using var rig = new GateRig(total: 1, perAddress: 1, pending: 1, pendingPerAddress: 1);
        await rig.Enter(A).Pass!.WaitForSlotAsync();
        rig.Enter(A);

        var canary = rig.Gate.Enter(A, new GatePeer(), reserved: true).ShouldNotBeNull();

        await canary.WaitForSlotAsync().Within("the reserved slot");
        (rig.Gate.Reserved, rig.Gate.InFlight).ShouldBe((1, 1));
        canary.Dispose();
        rig.Gate.Reserved.ShouldBe(0);
    }
}
