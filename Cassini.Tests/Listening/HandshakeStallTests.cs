using Cassini.Streams.Listening;
using Cassini.Streams.Listening.Handshakes;
using Cassini.Tests.Supervision;
using Cassini.Tests.VirtualTime;
using static Cassini.Tests.Listening.GateRig;

namespace Cassini.Tests.Listening;

/// <summary>Handshakes that hold their slot for too long.</summary>
public class HandshakeStallTests
{
    [Fact]
    public async Task Handshakes_StallWhileOthersWait_AreEvictedOldestFirst()
    {
        using var rig = new GateRig(perAddress: 2);
        var (oldest, younger) = (rig.Enter(A), rig.Enter(A));
        await oldest.Pass!.WaitForSlotAsync();
        rig.Time.Advance(TimeSpan.FromMilliseconds(900));
        await younger.Pass!.WaitForSlotAsync();
        var waiter = rig.Enter(A);
        var slot = waiter.Pass!.WaitForSlotAsync();

        rig.Time.Advance(TimeSpan.FromMilliseconds(1000));
        slot.IsCompleted.ShouldBeFalse();
        rig.Time.Advance(TimeSpan.FromMilliseconds(500));

        slot.IsCompleted.ShouldBeTrue();
        oldest.Evictions.ShouldBe(1);
        younger.Evictions.ShouldBe(0);
        rig.Gate.InFlight.ShouldBe(2);
    }

    [Theory]
    [InlineData(2, 100)]
    [InlineData(100, 2)]
    public async Task Handshakes_AreSlowButSucceed_NoneIsEvictedUntilTheyStop(int total, int perAddress)
    {
        using var rig = new GateRig(total, perAddress);
        var slow = rig.Enter(A);
        var current = rig.Enter(A);
        await Task.WhenAll(slow.Pass!.WaitForSlotAsync(), current.Pass!.WaitForSlotAsync());
        for (var served = 0; served < 5; served++)
        {
            var next = rig.Enter(A);
            var slot = next.Pass!.WaitForSlotAsync();
            rig.Time.Advance(TimeSpan.FromSeconds(1));
            current.Pass!.Succeed();
            current.Pass.Dispose();
            await slot.Within("the slot that a success freed");
            current = next;
        }

        slow.Evictions.ShouldBe(0);
        var last = rig.Enter(A).Pass!.WaitForSlotAsync();
        rig.Time.Advance(TimeSpan.FromMilliseconds(1500));
        last.IsCompleted.ShouldBeFalse();
        rig.Time.Advance(TimeSpan.FromMilliseconds(500));

        last.IsCompleted.ShouldBeTrue();
        slow.Evictions.ShouldBe(1);
    }

    [Fact]
    public async Task Handshakes_StallWhileNoneWaits_AreNotEvicted()
    {
        using var rig = new GateRig(perAddress: 1);
        var slow = rig.Enter(A);
        await slow.Pass!.WaitForSlotAsync();

        rig.Time.Advance(TimeSpan.FromHours(1));

        slow.Evictions.ShouldBe(0);
    }

    [Fact]
    public async Task Slots_AllStalled_OneIsEvictedForAnotherAddress()
    {
        using var rig = new GateRig(total: 2, perAddress: 2);
        var (one, two) = (rig.Enter(A), rig.Enter(A));
        await Task.WhenAll(one.Pass!.WaitForSlotAsync(), two.Pass!.WaitForSlotAsync());
        var slot = rig.Enter(B).Pass!.WaitForSlotAsync();

        rig.Time.Advance(TimeSpan.FromSeconds(3));

        slot.IsCompleted.ShouldBeTrue();
        (one.Evictions + two.Evictions).ShouldBe(1);
    }

    // While the process is stopped no handshake can get on.
    [Fact]
    public async Task Handshakes_PauseOfTheProcess_DoesNotCountAsAStall()
    {
        var clock = new VirtualClock();
        var options = new ListenerOptions { Endpoints = [ListeningRig.AnyPort], MaxHandshakes = 1, StallGrace = TimeSpan.FromSeconds(2) };
        using var gate = new HandshakeGate(options, clock.Time);
        var (slow, waiter) = (new GatePeer(), new GatePeer());
        slow.Pass = gate.Enter(A, slow, reserved: false);
        waiter.Pass = gate.Enter(B, waiter, reserved: false);
        await slow.Pass.WaitForSlotAsync();
        var slot = waiter.Pass.WaitForSlotAsync();
        clock.AdvanceBy(TimeSpan.FromSeconds(1));
        clock.Scheduler.Sleep(TimeSpan.FromSeconds(10).Ticks);
        clock.AdvanceBy(TimeSpan.FromSeconds(1.5));
        slow.Evictions.ShouldBe(0);

        clock.AdvanceBy(TimeSpan.FromSeconds(1));
        slow.Evictions.ShouldBe(1);
        slot.IsCompleted.ShouldBeTrue();
    }
}
