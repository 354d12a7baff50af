using System.Net;
using Cassini.Streams.Listening.Handshakes;
using Cassini.Tests.Supervision;
using static Cassini.Tests.Listening.GateRig;

namespace Cassini.Tests.Listening;

/// <summary>How many connections may wait at the gate, and which is evicted.</summary>
public class PendingLimitTests
{
    [Fact]
    public void Enter_AddressOverItsPendingCap_EvictsItsOldestSilentOne()
    {
        using var rig = new GateRig(pendingPerAddress: 2);
        var (first, second, other) = (rig.Enter(A), rig.Enter(A), rig.Enter(B));

        var third = rig.Enter(A);

        third.Pass.ShouldNotBeNull();
        (first.Evictions, second.Evictions, other.Evictions).ShouldBe((1, 0, 0));
        rig.Gate.Pending.ShouldBe(3);
    }

    [Fact]
    public async Task Enter_AddressOverItsPendingCapOfOne_StillServesTheNewcomer()
    {
        using var rig = new GateRig(pendingPerAddress: 1);
        rig.Enter(A);
        var newcomer = rig.Enter(A);

        await newcomer.Pass!.WaitForSlotAsync().Within("the newcomer's slot");
        newcomer.Pass.Dispose();

        (rig.Gate.Pending, rig.Gate.InFlight).ShouldBe((0, 0));
    }

    [Fact]
    public void Enter_OverThePendingCapInTotal_EvictsFromTheFullestAddress()
    {
        using var rig = new GateRig(pending: 3);
        var (first, second, other) = (rig.Enter(A), rig.Enter(A), rig.Enter(B));

        rig.Enter(IPAddress.Parse("10.0.0.3"));

        (first.Evictions, second.Evictions, other.Evictions).ShouldBe((1, 0, 0));
        rig.Gate.Pending.ShouldBe(3);
    }

    [Fact]
    public void Enter_AnyHistory_EvictsFromAnAddressWithTheMostPending()
    {
        const int Cap = 40;
        using var rig = new GateRig(total: 8, perAddress: 3, pending: Cap);
        var random = new Random(20);
        var peers = new List<(int Address, GatePeer Peer)>();
        for (var step = 0; step < 20_000; step++)
        {
            var pending = peers.Where(entry => entry.Peer.Pass!.Stage is GateStage.Silent or GateStage.Waiting)
                .GroupBy(entry => entry.Address).ToDictionary(group => group.Key, group => group.Count());
            rig.Gate.Pending.ShouldBe(pending.Values.Sum());
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
                    peers.Add((from, rig.Enter(new IPAddress([10, 0, 1, (byte)from]))));
                    var evicted = peers.Where(entry => entry.Peer.Evictions > 0).ToList();
                    evicted.Count.ShouldBe(pending.Values.Sum() == Cap ? 1 : 0);
                    evicted.ForEach(entry => pending[entry.Address].ShouldBe(pending.Values.Max()));
                    peers.RemoveAll(entry => entry.Peer.Evictions > 0);
                    break;
            }
        }
    }
}
