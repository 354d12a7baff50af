using System.Collections.Immutable;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Checks;

namespace Cassini.Streams.Health;

/// <summary>
/// The fold: static, pure and total. Before an input at elapsed <em>t</em> is applied, everything due by <em>t</em> is
/// applied at its own exact deadline, so verdicts and their times do not depend on when ticks happen to come.
/// </summary>
internal static class HealthReducer
{
    /// <summary>Keeps sums of times far from overflow, whatever a damaged log says.</summary>
    private static readonly TimeSpan EndOfTime = TimeSpan.FromDays(365_000);

    /// <summary>The state after one more input.</summary>
    public static HealthState Reduce(HealthState state, FoldInput input, HealthPolicy policy)
    {
        // Time never runs backwards: a log that says so is taken to stand still.
        var elapsed = Min(input.Elapsed, EndOfTime);
        var now = elapsed > state.Now ? elapsed : state.Now;
        if (!state.Transitions.IsEmpty)
        {
            state = state with { Transitions = [] };
        }

        while (state.NextDeadline <= now)
        {
            var deadline = state.NextDeadline;
            state = Settle(Expire(state, deadline), deadline, policy);
        }

        return input.Envelope is { } envelope
            ? Settle(FactsReducer.Apply(state, envelope, now, policy), now, policy)
            : state with { Now = now };
    }

    /// <summary>Judges every check at <paramref name="now"/> and draws the consequences.</summary>
    internal static HealthState Settle(HealthState state, TimeSpan now, HealthPolicy policy)
    {
        ImmutableArray<CheckState>.Builder? changed = null;
        var next = Min(state.Crashes.Window.NextExpiry, state.Handshakes.Window.NextExpiry);
        for (var i = 0; i < state.Checks.Length; i++)
        {
            var before = state.Checks[i];
            var after = before.At(now, state, policy);
            if (!ReferenceEquals(before, after))
            {
                changed ??= state.Checks.ToBuilder();
                changed[i] = after;
            }

            next = Min(next, after.Due);
        }

        return changed is null
            ? state with { Now = now, NextDeadline = next }
            : Conclude(state, changed.MoveToImmutable(), now, next);
    }

    private static HealthState Conclude(HealthState state, ImmutableArray<CheckState> checks, TimeSpan now, TimeSpan next)
    {
        var status = HealthStatus.Ok;
        var fails = Fails.Nothing;
        var visible = false;
        for (var i = 0; i < checks.Length; i++)
        {
            var check = checks[i];
            status = check.Status > status ? check.Status : status;
            fails |= check.Fails;
            visible |= IsVisiblyDifferent(state.Checks[i], check);
        }

        var concluded = state with
        {
            Now = now,
            NextDeadline = next,
            Checks = checks,
            Status = status is HealthStatus.Unknown ? HealthStatus.Error : status,
            Ready = (fails & Fails.Readyz) == Fails.Nothing,
            Live = (fails & Fails.Livez) == Fails.Nothing,
            Revision = visible ? state.Revision + 1 : state.Revision,
        };
        return visible ? concluded with { Transitions = Tell(state, concluded) } : concluded;
    }

    private static ImmutableArray<HealthChanged> Tell(HealthState before, HealthState after)
    {
        var told = before.Transitions.ToBuilder();
        for (var i = 0; i < after.Checks.Length; i++)
        {
            var (from, to) = (before.Checks[i], after.Checks[i]);
            if (from.Status == to.Status && from.Reason == to.Reason && from.Fails == to.Fails)
            {
                continue;
            }

            told.Add(new HealthChanged(
                to.Check.Name,
                from.Status,
                to.Status,
                to.Reason,
                to.Message,
                [.. to.Evidence.Select(sequence => new EventId(after.Epoch, sequence))],
                after.Now,
                after.Status,
                after.Ready,
                after.Live,
                after.Revision));
        }

        return told.ToImmutable();
    }

    private static bool IsVisiblyDifferent(CheckState before, CheckState after) =>
        before.Status != after.Status || before.Raw != after.Raw || before.Reason != after.Reason
        || before.Flapping != after.Flapping || before.Fails != after.Fails;

    private static HealthState Expire(HealthState state, TimeSpan now) => state with
    {
        Crashes = state.Crashes.Expire(now),
        Handshakes = state.Handshakes.Expire(now),
    };

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
