using Cassini.Streams.Cluster.Membership;

namespace Cassini.Tests.Cluster;

/// <summary>Who is there, to the tick.</summary>
public class MembershipTests
{
    private static readonly TimeSpan Instant = TimeSpan.FromTicks(1);
    private static readonly MembershipState Nobody = new(S(2.5), S(10));

    [Fact]
    public void Hear_APeerForTheFirstTime_Joins()
    {
        var (state, transitions) = Nobody.Hear("n2", "e1", S(1));

        transitions.ShouldBe([new PeerTransition(PeerChange.Joined, "n2", "e1", S(1), TimeSpan.Zero)]);
        state.Peers["n2"].ShouldBe(new MembershipState.Peer("e1", S(1), PeerState.Alive));
        state.Hear("n2", "e1", S(2)).Transitions.ShouldBeEmpty();
    }

    // The clock of that machine was set back between two runs: the new one would be taken for an old one for ever.
    [Theory]
    [InlineData(2, false)]
    [InlineData(4, true)]
    [InlineData(20, true)]
    public void Hear_AnEarlierRun_IsANewOneWhenTheLaterIsSilent(double at, bool isTaken)
    {
        var state = Nobody.Hear("n2", "e2", S(0)).State;

        var (after, transitions) = state.Hear("n2", "e1", S(at));

        transitions.Any(one => one is { Change: PeerChange.Joined, Epoch: "e1" }).ShouldBe(isTaken);
        after.Peers["n2"].Epoch.ShouldBe(isTaken ? "e1" : "e2");
    }

    // This node was stopped for 20 s: its peers were not silent, and get as long as they had left.
    [Fact]
    public void Forgive_OwnPause_MovesTheDeadlines()
    {
        var state = Nobody.Hear("n2", "e1", S(1)).State.Forgive(S(20));

        state.Advance(S(23.5) - Instant).Transitions.ShouldBeEmpty();
        state.Advance(S(23.5)).Transitions.ShouldHaveSingleItem().Change.ShouldBe(PeerChange.Suspected);
    }

    [Fact]
    public void Advance_Silence_SuspectsAndLosesAtTheDeadlines()
    {
        var state = Nobody.Hear("n2", "e1", S(1)).State;
        state.Next.ShouldBe(S(3.5));
        state.Advance(S(3.5) - Instant).Transitions.ShouldBeEmpty();

        var (suspect, first) = state.Advance(S(3.5));
        first.ShouldBe([new PeerTransition(PeerChange.Suspected, "n2", "e1", S(3.5), S(2.5))]);
        suspect.Advance(S(11) - Instant).Transitions.ShouldBeEmpty();

        var (lost, second) = suspect.Advance(S(11));
        second.ShouldBe([new PeerTransition(PeerChange.Lost, "n2", "e1", S(11), S(10))]);
        lost.Next.ShouldBeNull();
    }

    // As after a pause of the process: each happens at its own time, in the order of time.
    [Fact]
    public void Advance_FarAtOnce_IsAsInSteps()
    {
        var state = Nobody.Hear("n2", "e1", S(0)).State.Hear("n3", "e1", S(1)).State;

        state.Advance(S(60)).Transitions.Select(one => (one.Change, one.Node, one.At)).ShouldBe(
        [
            (PeerChange.Suspected, "n2", S(2.5)), (PeerChange.Suspected, "n3", S(3.5)),
            (PeerChange.Lost, "n2", S(10)), (PeerChange.Lost, "n3", S(11)),
        ]);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(20)]
    public void Hear_AfterASilence_IsBackAndKeepsItsRun(double at)
    {
        var (state, transitions) = Nobody.Hear("n2", "e1", S(0)).State.Hear("n2", "e1", S(at));

        transitions[^1].ShouldBe(new PeerTransition(PeerChange.Back, "n2", "e1", S(at), S(at)));
        state.Peers["n2"].State.ShouldBe(PeerState.Alive);
    }

    [Fact]
    public void Hear_AnotherRun_JoinsAndTheEarlierOneIsNoLongerHeard()
    {
        var (state, transitions) = Nobody.Hear("n2", "e1", S(0)).State.Hear("n2", "e2", S(1));

        transitions.ShouldBe([new PeerTransition(PeerChange.Joined, "n2", "e2", S(1), TimeSpan.Zero)]);
        state.Hear("n2", "e1", S(1.5)).State.Peers["n2"].ShouldBe(new MembershipState.Peer("e2", S(1), PeerState.Alive));
        state.Leave("n2", "e1", S(1.5)).Transitions.ShouldBeEmpty("the earlier run has nothing to say");
    }

    [Fact]
    public void Leave_IsGone()
    {
        var (state, transitions) = Nobody.Hear("n2", "e1", S(0)).State.Leave("n2", "e1", S(1));

        transitions.ShouldBe([new PeerTransition(PeerChange.Left, "n2", "e1", S(1), S(1))]);
        state.Peers.ShouldBeEmpty();
        state.Next.ShouldBeNull();
    }

    private static TimeSpan S(double seconds) => TimeSpan.FromSeconds(seconds);
}
