using Cassini.Streams.Events;
using Cassini.Streams.Hosting;
using Cassini.Streams.Listening.Connections;
using Cassini.Tests.Listening;
using Cassini.Tests.Support;

namespace Cassini.Tests.Hosting;

public class DrainSequenceTests
{
    [Fact]
    public async Task Stage_Fails_IsForcedAndLoggedAndTheNextOnesFollow()
    {
        using var loggers = new RecordingLoggers();
        await using var rig = await ListeningRig.StartAsync();
        var drain = new DrainSequence(
            new CassiniOptions(), rig.Manager, new HandlerProtocol(new DiscardHandler()),
            rig.Events, TimeProvider.System, loggers, CancellationToken.None);
        var failure = new InvalidOperationException("boom");

        await drain.StopAcceptingAsync(() => Task.FromException(failure));
        await drain.StopIntakeAsync();

        drain.IsForced.ShouldBeTrue();
        rig.Events.Of<DrainStageLeft>().Select(left => (left.Stage, left.Outcome)).ShouldBe(
            [(DrainStage.StopAccepting, PhaseOutcome.Forced), (DrainStage.StopIntake, PhaseOutcome.Completed)]);
        rig.Events.Of<ListenerClosed>().Count.ShouldBe(1);
        loggers.Lines.ShouldContain(line => line.Exception == failure);
    }
}
