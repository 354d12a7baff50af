using System.Collections.Immutable;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Checks;
using Cassini.Streams.Health.Facts;

namespace Cassini.Streams.Health.Folding;

/// <summary>A check's verdict over time: the raw one, and the damped one that the probes use.</summary>
internal sealed record CheckState(Check Check, SlidingCounter Changes)
{
    /// <summary>The damped status.</summary>
    public HealthStatus Status { get; private init; } = HealthStatus.Unknown;

    /// <summary>The raw status at this instant.</summary>
    public HealthStatus Raw => Verdict.Status;

    /// <summary>When the damped status was entered.</summary>
    public TimeSpan Since { get; private init; }

    public string? Reason { get; private init; }

    public string? Message { get; private init; }

    public ImmutableArray<long> Evidence { get; private init; } = [];

    /// <summary>The probes that the check fails, damped.</summary>
    public Fails Fails { get; private init; }

    public bool Flapping { get; private init; }

    /// <summary>Until then only an event can change this state.</summary>
    public TimeSpan Due { get; private init; } = TimeSpan.MinValue;

    private Verdict Verdict { get; init; } = new(HealthStatus.Unknown, null, null, [], TimeSpan.MaxValue, Fails.Nothing);

    private Fails Flags { get; init; }

    private TimeSpan FlagsSince { get; init; }

    /// <summary>
    /// Whether it ever had evidence, which being off is not. The first evidence is not damped, because there is nothing to recover from.
    /// </summary>
    private bool HadEvidence { get; init; }

    /// <summary>Restores a state that was written.</summary>
    public static CheckState Restore(Check check, WrittenCheck written, TimeSpan now, HealthPolicy policy)
    {
        var state = new CheckState(check, written.Changes.Within(policy.FlappingWindow, now))
        {
            Status = written.Status,
            Since = written.Since,
            Reason = written.Reason,
            Message = written.Message,
            Evidence = written.Evidence,
            Verdict = new Verdict(
                written.Raw.Status, written.Raw.Reason, written.Raw.Message, written.Raw.Evidence, written.Raw.Until, written.Raw.Fails),
            Flags = written.Flags,
            FlagsSince = written.FlagsSince,
            HadEvidence = written.HadEvidence,
            Fails = check.FailedProbes(written.Status, written.Flags),
        };
        return state with { Flapping = state.Changes.Total >= policy.FlappingTransitions, Due = state.NextDue(policy.Hold) };
    }

    /// <summary>The parts of the state that cannot be computed from the others.</summary>
    public WrittenCheck Write() => new(
        Status,
        Since,
        Reason,
        Message,
        Evidence,
        new WrittenVerdict(Verdict.Status, Verdict.Reason, Verdict.Message, Verdict.Evidence, Verdict.Until, Verdict.Fails),
        Flags,
        FlagsSince,
        HadEvidence,
        Changes);

    /// <summary>
    /// The verdict under another policy. If the raw status stays the same, damping continues. If it changes, the new verdict is not damped,
    /// because the old policy's damping does not apply to it.
    /// </summary>
    public CheckState Under(TimeSpan now, HealthFacts facts, HealthPolicy policy)
    {
        var agrees = Check.Judge(facts, policy, now, Raw).Status == Raw;
        var before = this with
        {
            Changes = Changes.Within(policy.FlappingWindow, now),
            HadEvidence = HadEvidence && agrees,
            Due = TimeSpan.MinValue,
        };
        return before.At(now, null, facts, policy);
    }

    /// <summary>The verdict at a later instant.</summary>
    /// <param name="now">The instant.</param>
    /// <param name="judged">The facts that this verdict was computed from; null to compute it anew.</param>
    /// <param name="facts">The current facts.</param>
    /// <param name="policy">The thresholds.</param>
    /// <returns>The same object when nothing changed.</returns>
    public CheckState At(TimeSpan now, HealthFacts? judged, HealthFacts facts, HealthPolicy policy)
    {
        var sameFacts = judged is not null && ReferenceEquals(Check.Basis(judged), Check.Basis(facts));
        if (sameFacts && now < Due)
        {
            return this;
        }

        var verdict = sameFacts && now < Verdict.Until ? Verdict : Check.Judge(facts, policy, now, Raw);
        if (now < Due && verdict == Verdict)
        {
            return this;
        }

        var changes = Changes.Expire(now);
        if (HadEvidence && verdict.Status != Raw)
        {
            changes = changes.Add(now, 0, 1);
        }

        var next = Damp(verdict, now, policy.Hold) with
        {
            Verdict = verdict,
            Changes = changes,
            Flapping = changes.Total >= policy.FlappingTransitions,
            HadEvidence = HadEvidence || verdict.Status is not (HealthStatus.Unknown or HealthStatus.Off),
        };
        return next with { Fails = Check.FailedProbes(next.Status, next.Flags), Due = next.NextDue(policy.Hold) };
    }

    /// <summary>Whether readers of the snapshot see a change of the check.</summary>
    public bool DiffersVisibly(CheckState before) =>
        before.Status != Status || before.Raw != Raw || before.Reason != Reason || before.Flapping != Flapping || before.Fails != Fails;

    /// <summary>A worse status is entered at once; a recovery waits until the worse status was held long enough.</summary>
    private CheckState Damp(Verdict verdict, TimeSpan now, TimeSpan hold)
    {
        var immediate = !Check.IsDamped || !HadEvidence || verdict.Status is HealthStatus.Off;
        var damped = this;
        if (immediate || verdict.Status >= Status || now - Since >= hold)
        {
            damped = damped with
            {
                Status = verdict.Status,
                Since = verdict.Status == Status ? Since : now,
                Reason = verdict.Reason,
                Message = verdict.Message,
                Evidence = verdict.Evidence,
            };
        }

        var raised = (verdict.Fails & ~Flags) != Fails.Nothing;
        return immediate || raised || now - FlagsSince >= hold
            ? damped with
            {
                Flags = immediate || now - FlagsSince >= hold ? verdict.Fails : Flags | verdict.Fails,
                FlagsSince = raised ? now : FlagsSince,
            }
            : damped;
    }

    private TimeSpan NextDue(TimeSpan hold)
    {
        var due = Min(Verdict.Until, Changes.NextExpiry);
        if (Verdict.Status < Status)
        {
            due = Min(due, Since + hold);
        }

        if ((Flags & ~Verdict.Fails) != Fails.Nothing)
        {
            due = Min(due, FlagsSince + hold);
        }

        return due;
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
