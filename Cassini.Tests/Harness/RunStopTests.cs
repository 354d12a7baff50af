using Cassini.Harness.Verdicts;
using Cassini.Tests.Support;

namespace Cassini.Tests.Harness;

public class RunStopTests
{
    [Fact]
    public async Task Now_AgainForAnotherReason_KeepsTheFirst()
    {
        await using var stop = new RunStop();
        stop.Now(Verdict.TimedOut, "first");
        stop.Now(Verdict.Error, "second");

        stop.Cause.ShouldBe(new StopCause(Verdict.TimedOut, "first"));
        stop.Token.IsCancellationRequested.ShouldBeTrue();
    }

    [Fact]
    public async Task Dispose_WhileACallbackRuns_WaitsForIt()
    {
        var stop = new RunStop();
        using var goOn = new ManualResetEventSlim();
        using var registration = stop.Token.Register(goOn.Wait);
        stop.Now(Verdict.Error, "x");

        var disposing = stop.DisposeAsync().AsTask();

        disposing.IsCompleted.ShouldBeFalse();
        goOn.Set();
        await Eventually.CompletesAsync("the callback ends", disposing);
    }

    [Fact]
    public async Task Dispose_CallbackThrew_ThrowsIt()
    {
        var stop = new RunStop();
        using var registration = stop.Token.Register(() => throw new InvalidOperationException("a defect"));
        stop.Now(Verdict.Error, "x");

        var thrown = await Should.ThrowAsync<AggregateException>(
            Eventually.CompletesAsync("the callback ends", stop.DisposeAsync().AsTask()));

        thrown.InnerException.ShouldBeOfType<InvalidOperationException>();
    }
}
