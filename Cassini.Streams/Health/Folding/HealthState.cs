using System.Collections.Immutable;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Facts;

namespace Cassini.Streams.Health.Folding;

/// <summary>The accumulator of the fold at one instant. Immutable.</summary>
/// <param name="Epoch">The run of the process.</param>
/// <param name="Origin">The wall-clock time of elapsed zero, by the latest event. It converts elapsed times into wall-clock times.</param>
/// <param name="Now">The time of the last input.</param>
/// <param name="Through">The sequence of the last event folded in.</param>
/// <param name="LastConnection">When the last connection was accepted.</param>
/// <param name="Counts">The counts.</param>
/// <param name="Facts">The facts that the checks judge.</param>
/// <param name="Verdicts">The verdicts on these facts.</param>
/// <param name="Transitions">The transitions that the last input caused, in order.</param>
internal sealed record HealthState(
    Epoch Epoch,
    DateTimeOffset Origin,
    TimeSpan Now,
    long Through,
    DateTimeOffset? LastConnection,
    HealthCounts Counts,
    HealthFacts Facts,
    Verdicts Verdicts,
    ImmutableArray<HealthChanged> Transitions)
{
    /// <summary>The state before the first event of an epoch.</summary>
    public static HealthState Initial(Epoch epoch, DateTimeOffset startedAt, HealthPolicy policy)
    {
        var facts = HealthFacts.None(policy);
        var verdicts = Verdicts.None(policy).At(TimeSpan.Zero, null, facts, policy) with { Revision = 1 };
        return new HealthState(epoch, startedAt, TimeSpan.Zero, 0, null, HealthCounts.Zero, facts, verdicts, []);
    }

    /// <summary>The same evidence, judged by another policy at this instant.</summary>
    public HealthState Under(HealthPolicy policy)
    {
        var facts = Facts.Under(policy, Now);
        var verdicts = Verdicts.Under(policy, facts, Now);
        return this with { Facts = facts, Verdicts = verdicts, Transitions = verdicts.TransitionsSince(Verdicts, Now, Epoch) };
    }

    /// <summary>Converts an elapsed time into a wall-clock time, limited to the calendar's range.</summary>
    public DateTimeOffset WallClock(TimeSpan elapsed) =>
        elapsed <= DateTimeOffset.MaxValue - Origin ? Origin + elapsed : DateTimeOffset.MaxValue;
}
