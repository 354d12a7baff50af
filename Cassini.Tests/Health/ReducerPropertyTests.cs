using System.Collections.Immutable;
using System.Reactive.Concurrency;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Folding;
using CsCheck;

namespace Cassini.Tests.Health;

public class ReducerPropertyTests
{
    private static readonly HealthPolicy Policy = new();

    [Fact]
    public void Replay_OnAHistoricalScheduler_GivesTheSameTransitionsAtTheSameTimesWheneverTicksCome() =>
        Gen.Select(GeneratedLog.Log, Gen.Int[37, 5_000], Gen.Int[37, 5_000]).Sample(
            (log, oneTick, otherTick) =>
            {
                var end = (log.IsEmpty ? TimeSpan.Zero : log[^1].Elapsed) + TimeSpan.FromMinutes(2);
                var live = Run(log, end, TimeSpan.FromMilliseconds(oneTick));
                Replay(log, end, TimeSpan.FromMilliseconds(otherTick)).ShouldBe(live);
                Run(log, end, TimeSpan.FromDays(100)).ShouldBe(live);
            },
            iter: 300);

    [Fact]
    public void Counts_AnyLog_BalanceAfterEveryEvent() => GeneratedLog.Log.Sample(log =>
    {
        var state = Initial();
        foreach (var envelope in log)
        {
            state = HealthReducer.Reduce(state, new FoldInput(envelope.Elapsed, envelope), Policy);
            var counts = state.Counts;
            counts.Accepted.ShouldBe(counts.Handshaking + counts.Open + counts.Closed);
            Math.Min(counts.Handshaking, Math.Min(counts.Open, counts.Closed)).ShouldBeGreaterThanOrEqualTo(0);
        }
    });

    [Fact]
    public void Reduce_DamagedTimes_NeverThrowsAndNeverRunsBackwards() =>
        Gen.Select(GeneratedLog.Event, Gen.Long, Gen.Long[0, DateTime.MaxValue.Ticks]).Array[0, 60].Sample(steps =>
        {
            var state = Initial();
            foreach (var (happened, elapsed, time) in steps)
            {
                var before = state.Now;
                var envelope = new EventEnvelope(
                    state.Epoch, 1, new DateTimeOffset(time, TimeSpan.Zero), TimeSpan.FromTicks(elapsed), happened);
                state = HealthReducer.Reduce(state, new FoldInput(envelope.Elapsed, envelope), Policy);
                state.Now.ShouldBeGreaterThanOrEqualTo(before);
                state.Verdicts.Due.ShouldBeGreaterThan(state.Now);
            }
        });

    [Fact]
    public void Reduce_AnyLog_LeavesTheStateBeforeAsItWas() => GeneratedLog.Log.Sample(log =>
    {
        var state = Initial();
        foreach (var envelope in log)
        {
            var checks = state.Verdicts.Checks;
            var copies = checks.Select(check => check with { }).ToArray();
            state = HealthReducer.Reduce(state, new FoldInput(envelope.Elapsed, envelope), Policy);
            checks.ToArray().ShouldBe(copies);
        }
    });

    [Fact]
    public void Verdict_AnyLog_IsTheWorstOfItsChecks() => GeneratedLog.Log.Sample(log =>
    {
        var state = Initial();
        foreach (var envelope in log)
        {
            state = HealthReducer.Reduce(state, new FoldInput(envelope.Elapsed, envelope), Policy);
            var worst = state.Verdicts.Checks.Max(check => check.Status);
            state.Verdicts.Status.ShouldBe(worst switch
            {
                HealthStatus.Unknown => HealthStatus.Error,
                HealthStatus.Off => HealthStatus.Ok,
                _ => worst,
            });
            state.Verdicts.Checks.ShouldAllBe(check => (check.Reason == null) == (check.Status == HealthStatus.Ok));
            state.Verdicts.Checks.ShouldAllBe(check => check.Status >= check.Raw, "damping only delays recovery");
        }
    });

    [Fact]
    public void Revision_AnyLog_NeverShrinksAndGrowsWithEachTransition() => GeneratedLog.Log.Sample(log =>
    {
        var state = Initial();
        foreach (var envelope in log)
        {
            var before = state.Verdicts.Revision;
            state = HealthReducer.Reduce(state, new FoldInput(envelope.Elapsed, envelope), Policy);
            state.Verdicts.Revision.ShouldBeGreaterThanOrEqualTo(before);
            if (!state.Transitions.IsEmpty)
            {
                state.Verdicts.Revision.ShouldBeGreaterThan(before);
                state.Transitions[^1].Revision.ShouldBeLessThanOrEqualTo(state.Verdicts.Revision);
            }
        }
    });

    private static HealthState Initial() => HealthState.Initial(Epoch.StartingAt(Fold.Start), Fold.Start, Policy);

    /// <summary>Folds the log as it would have been folded live, with ticks in between.</summary>
    private static List<HealthChanged> Run(ImmutableArray<EventEnvelope> log, TimeSpan end, TimeSpan tick)
    {
        var fold = new Fold(Policy);
        var next = tick;
        foreach (var envelope in log)
        {
            for (; next <= envelope.Elapsed; next += tick)
            {
                fold.Until(next);
            }

            fold.Take(new FoldInput(envelope.Elapsed, envelope));
        }

        fold.Until(end);
        return fold.Transitions;
    }

    private static List<HealthChanged> Replay(ImmutableArray<EventEnvelope> log, TimeSpan end, TimeSpan tick)
    {
        var scheduler = new HistoricalScheduler(Fold.Start);
        var fold = new Fold(Policy);
        foreach (var envelope in log)
        {
            scheduler.Schedule(Fold.Start + envelope.Elapsed, () => fold.Take(new FoldInput(envelope.Elapsed, envelope)));
        }

        using var ticks = scheduler.SchedulePeriodic(tick, () => fold.Until(scheduler.Now - Fold.Start));
        scheduler.AdvanceTo(Fold.Start + end);
        fold.Until(end);
        return fold.Transitions;
    }
}
