using System.Collections.Immutable;
using Cassini.Streams.Events;
using Cassini.Streams.Events.Hub;

namespace Cassini.Streams.Health.Folding;

/// <summary>
/// The fold: static, pure and total. Before an input at elapsed <em>t</em> is applied, everything due by <em>t</em> is applied at its
/// own exact deadline, so verdicts and their times do not depend on when ticks arrive.
/// </summary>
internal static class HealthReducer
{
    /// <summary>Keeps sums of times far from overflow, even with the times of a damaged log.</summary>
    private static readonly TimeSpan EndOfTime = TimeSpan.FromDays(365_000);

    /// <summary>The state after one more input.</summary>
    public static HealthState Reduce(HealthState state, FoldInput input, HealthPolicy policy)
    {
        // Time never runs backwards: when a damaged log says so, time stands still instead.
        var elapsed = Min(input.Elapsed, EndOfTime);
        var now = elapsed > state.Now ? elapsed : state.Now;
        var (facts, verdicts) = (state.Facts, state.Verdicts);
        var transitions = ImmutableArray<HealthChanged>.Empty;
        for (var due = Min(facts.NextExpiry, verdicts.Due); due <= now; due = Min(facts.NextExpiry, verdicts.Due))
        {
            var expired = facts.Expire(due);
            var later = verdicts.At(due, facts, expired, policy);
            transitions = transitions.AddRange(later.TransitionsSince(verdicts, due, state.Epoch));
            (facts, verdicts) = (expired, later);
        }

        if (input.Envelope is not { } envelope)
        {
            return state with { Now = now, Facts = facts, Verdicts = verdicts, Transitions = transitions };
        }

        var learnt = FactsReducer.Apply(facts, envelope, state.Counts, now, policy);
        var next = ReferenceEquals(learnt, facts) ? verdicts : verdicts.At(now, facts, learnt, policy);
        if (!ReferenceEquals(learnt, facts) && learnt.DiffersVisibly(facts))
        {
            next = next with { Revision = verdicts.Revision + 1 };
        }

        return new HealthState(
            state.Epoch,
            OriginOf(envelope) ?? state.Origin,
            now,
            envelope.Sequence,
            envelope.Event is ConnectionAccepted ? envelope.Time : state.LastConnection,
            CountsReducer.Apply(state.Counts, envelope.Event),
            learnt,
            next,
            ReferenceEquals(next, verdicts)
                ? transitions
                : transitions.AddRange(next.TransitionsSince(verdicts, now, state.Epoch)));
    }

    /// <summary>The wall-clock time of elapsed zero; null when a damaged log puts it outside the calendar.</summary>
    private static DateTimeOffset? OriginOf(EventEnvelope envelope)
    {
        var ticks = (Int128)envelope.Time.UtcTicks - envelope.Elapsed.Ticks;
        return ticks >= 0 && ticks <= DateTimeOffset.MaxValue.UtcTicks ? new DateTimeOffset((long)ticks, TimeSpan.Zero) : null;
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
