using Cassini.Streams.Cluster.Sessions;
using Cassini.Tests.Support;

namespace Cassini.Tests.Cluster;

public class MarkGateTests
{
    [Fact]
    public async Task Gate_WithAllMarks_IsOpen()
    {
        var gate = new MarkGate(awaitsOwn: true);
        gate.Expect(["n2", "n3"]);
        gate.OnMark("n2", ["n2", "n3"]);
        gate.OnOwn(["n2", "n3"]);
        gate.Complete.IsCompleted.ShouldBeFalse();

        gate.OnMark("n3", ["n2", "n3"]);

        await Eventually.CompletesAsync("all marks are here", gate.Complete);
    }

    // The other node of the move hears one that is not heard here: what that has published may be anywhere.
    [Fact]
    public async Task Gate_ThatIsToAwaitANodeThatIsNotThere_Fails()
    {
        var gate = new MarkGate(awaitsOwn: true);
        gate.Expect(["n2"]);
        gate.OnMark("n2", ["n2"]);
        gate.Expect(["n2", "n3"]);

        gate.OnOwn(["n2"]);

        await Should.ThrowAsync<InvalidDataException>(() => gate.Complete);
    }

    // What a node has published before it was lost may be anywhere: the move fails, and is not taken for whole.
    [Fact]
    public async Task Gate_WhoseNodeIsLost_Fails()
    {
        var gate = new MarkGate(awaitsOwn: false);
        gate.Expect(["n2", "n3"]);
        gate.OnMark("n2", ["n2", "n3"]);

        gate.Review(["n2"]);

        await Should.ThrowAsync<InvalidDataException>(() => gate.Complete);
    }

    [Fact]
    public async Task Gate_WhoseNodeIsLostAfterItsMark_IsOpen()
    {
        var gate = new MarkGate(awaitsOwn: false);
        gate.Expect(["n2", "n3"]);
        gate.OnMark("n3", ["n2", "n3"]);
        gate.OnMark("n2", ["n2"]);

        await Eventually.CompletesAsync("all marks are here", gate.Complete);
    }
}
