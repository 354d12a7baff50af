using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Support;

public class EventuallyTests
{
    [Fact]
    public async Task Becomes_ConditionComesTrue_ReturnsWhatWasSeen()
    {
        var looks = 0;
        (await Eventually.BecomesAsync("the third look", () => ++looks, seen => seen == 3)).ShouldBe(3);
        looks.ShouldBe(3);
    }

    [Fact]
    public async Task Becomes_Never_FailsWithTheStepAndWhatWasSeenLast()
    {
        var clock = new VirtualClock();
        var looks = 0;
        var wait = Eventually.BecomesAsync("the impossible", () => $"look {++looks}", _ => false, TimeSpan.FromSeconds(3), clock.Time);
        while (!wait.IsCompleted)
        {
            await Eventually.HoldsAsync("the next look is armed", () => wait.IsCompleted || clock.Time.ArmedTimers == 1);
            clock.AdvanceBy(TimeSpan.FromMilliseconds(100));
        }

        var failure = await Should.ThrowAsync<TimeoutException>(wait);
        failure.Message.ShouldBe($"the impossible: not within 3 s; last seen: look {looks}.");
        clock.Elapsed.ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(3));
        looks.ShouldBeGreaterThan(10);
    }

    [Fact]
    public async Task Becomes_DeadlineAlreadyOver_StillLooksOnce() =>
        (await Eventually.BecomesAsync("now", () => 7, seen => seen == 7, TimeSpan.Zero)).ShouldBe(7);

    [Fact]
    public async Task Becomes_ASequence_ShowsItsElements()
    {
        var failure = await Should.ThrowAsync<TimeoutException>(
            Eventually.BecomesAsync("more", () => new[] { 1, 2 }, _ => false, TimeSpan.Zero));
        failure.Message.ShouldEndWith("last seen: [1, 2].");
    }

    [Fact]
    public async Task Becomes_ObservationThrows_FailsAtOnce()
    {
        var looks = 0;
        await Should.ThrowAsync<InvalidOperationException>(Eventually.BecomesAsync<int>(
            "never", () => ++looks > 0 ? throw new InvalidOperationException("boom") : 0, _ => true));
        looks.ShouldBe(1);
    }

    [Fact]
    public async Task Completes_Task_ReturnsItsResultOrItsError()
    {
        (await Eventually.CompletesAsync("a result", Task.FromResult(5))).ShouldBe(5);
        await Should.ThrowAsync<TimeoutException>(
            Eventually.CompletesAsync("its own time-out", Task.FromException(new TimeoutException("mine"))), "mine");
    }

    [Fact]
    public async Task Completes_Never_NamesTheStep()
    {
        var clock = new VirtualClock();
        var wait = Eventually.CompletesAsync("an answer", new TaskCompletionSource().Task, TimeSpan.FromSeconds(2), clock.Time);
        clock.AdvanceBy(TimeSpan.FromSeconds(2));
        (await Should.ThrowAsync<TimeoutException>(wait)).Message.ShouldStartWith("an answer: not within 2 s; the task is ");
    }
}
