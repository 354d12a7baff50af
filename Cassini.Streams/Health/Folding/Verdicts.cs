using System.Collections.Immutable;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Checks;
using Cassini.Streams.Health.Facts;

namespace Cassini.Streams.Health.Folding;

/// <summary>Every check's verdict, and the overall verdicts that follow from them. Immutable.</summary>
internal sealed record Verdicts(ImmutableArray<CheckState> Checks)
{
    /// <summary>The overall status: ok, degraded or error.</summary>
    public HealthStatus Status { get; private init; } = HealthStatus.Error;

    public bool Ready { get; private init; }

    public bool Live { get; private init; }

    /// <summary>Grows with every visible change.</summary>
    public long Revision { get; init; }

    /// <summary>Until then nothing here changes without a change of facts.</summary>
    public TimeSpan Due { get; private init; }

    /// <summary>The verdicts before any fact was judged.</summary>
    public static Verdicts None(HealthPolicy policy) =>
        new([.. AllChecks.InOrder.Select(check => new CheckState(check, new SlidingCounter(policy.FlappingWindow)))]);

    /// <summary>Restores the verdicts of these checks.</summary>
    public static Verdicts Restore(ImmutableArray<CheckState> checks, long revision) =>
        new Verdicts(checks).Conclude(checks) with { Revision = revision };

    /// <summary>The verdicts of another policy on the same facts.</summary>
    public Verdicts Under(HealthPolicy policy, HealthFacts facts, TimeSpan now) =>
        Conclude([.. Checks.Select(check => check.Under(now, facts, policy))]);

    /// <summary>The verdicts at a later instant.</summary>
    /// <param name="now">The instant.</param>
    /// <param name="judged">The facts that these verdicts were computed from; null to compute them anew.</param>
    /// <param name="facts">The current facts.</param>
    /// <param name="policy">The thresholds.</param>
    /// <returns>The same object when nothing changed.</returns>
    public Verdicts At(TimeSpan now, HealthFacts? judged, HealthFacts facts, HealthPolicy policy)
    {
        ImmutableArray<CheckState>.Builder? changed = null;
        for (var i = 0; i < Checks.Length; i++)
        {
            var before = Checks[i];
            var after = before.At(now, judged, facts, policy);
            if (!ReferenceEquals(before, after))
            {
                changed ??= Checks.ToBuilder();
                changed[i] = after;
            }
        }

        return changed is null ? this : Conclude(changed.MoveToImmutable());
    }

    /// <summary>The transitions that lead from <paramref name="before"/> to these verdicts.</summary>
    public ImmutableArray<HealthChanged> TransitionsSince(Verdicts before, TimeSpan now, Epoch epoch)
    {
        if (Revision == before.Revision)
        {
            return [];
        }

        var transitions = ImmutableArray.CreateBuilder<HealthChanged>();
        for (var i = 0; i < Checks.Length; i++)
        {
            var (from, to) = (before.Checks[i], Checks[i]);
            var isStillUnknown = from.Status is HealthStatus.Unknown && to.Status is HealthStatus.Unknown;
            if (from.Fails == to.Fails && (isStillUnknown || (from.Status == to.Status && from.Reason == to.Reason)))
            {
                continue;
            }

            transitions.Add(new HealthChanged(
                to.Check.Name,
                from.Status,
                to.Status,
                to.Reason,
                to.Message,
                [.. to.Evidence.Select(sequence => new EventId(epoch, sequence))],
                now,
                Status,
                Ready,
                Live,
                Revision));
        }

        return transitions.ToImmutable();
    }

    private Verdicts Conclude(ImmutableArray<CheckState> checks)
    {
        var status = HealthStatus.Ok;
        var fails = Fails.Nothing;
        var due = TimeSpan.MaxValue;
        var visible = false;
        for (var i = 0; i < checks.Length; i++)
        {
            var check = checks[i];
            status = check.Status > status ? check.Status : status;
            due = check.Due < due ? check.Due : due;
            fails |= check.Fails;
            visible |= check.DiffersVisibly(Checks[i]);
        }

        return new Verdicts(checks)
        {
            Status = status is HealthStatus.Unknown ? HealthStatus.Error : status,
            Ready = (fails & Fails.Readyz) == Fails.Nothing,
            Live = (fails & Fails.Livez) == Fails.Nothing,
            Revision = visible ? Revision + 1 : Revision,
            Due = due,
        };
    }
}
