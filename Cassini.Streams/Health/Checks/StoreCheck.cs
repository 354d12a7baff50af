using System.Globalization;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Facts;

namespace Cassini.Streams.Health.Checks;

/// <summary>
/// What is acknowledged becomes durable, and soon. Off when nothing is stored. A full disk is an error, but new clients are served, and
/// their acknowledgements make room: only a store that cannot acknowledge anything fails /readyz.
/// </summary>
internal sealed class StoreCheck : Check
{
    public override string Name => CheckNames.Store;

    public override bool InReadyz => true;

    public override object Basis(HealthFacts facts) => facts.Store;

    public override Verdict Judge(HealthFacts facts, HealthPolicy policy, TimeSpan now, HealthStatus raw)
    {
        var store = facts.Store;
        return store.Visible is not { } visible
                ? Verdict.Of(HealthStatus.Off, Reasons.StoreOff, "nothing is stored: Store:Level is Memory, or there is no directory")
            : store.Problem is { } problem
                ? Verdict.Of(
                    HealthStatus.Error, problem is StoreProblem.Full ? Reasons.StoreFull : Reasons.StoreFailing,
                    $"messages that would be stored are refused: {visible.Problem}", store.Cause) with
                {
                    Fails = problem is StoreProblem.Full ? Fails.Nothing : Fails.Readyz,
                }
            : visible.Level is null
                ? NotReady(HealthStatus.Unknown, Reasons.NoEvidence, "what earlier runs left is being read", store)
            : store.Stalled
                ? NotReady(HealthStatus.Error, Reasons.StoreStalled, $"a change waits for the disk for {Text(store.Lag)}", store)
            : store.Slow
                ? Verdict.Of(
                    HealthStatus.Degraded, Reasons.StoreSlow, $"a change waited for the disk for {Text(store.Slowest)}", store.Cause)
            : store.ReadFailure is { } unreadable
                ? Verdict.Of(HealthStatus.Degraded, Reasons.StoreUnreadable, unreadable, store.Cause)
            : store.CheckpointFailure is { } failure
                ? Verdict.Of(
                    HealthStatus.Degraded, Reasons.StoreLogGrows, $"the journal's write-ahead log cannot be copied into it: {failure}",
                    store.Cause)
            : store.Warning is { } warning
                ? Verdict.Of(HealthStatus.Degraded, Reasons.StoreSpaceLow, warning, store.Cause)
            : Verdict.Ok();
    }

    public override Fails FailedProbes(HealthStatus status, Fails flags) => flags;

    private static Verdict NotReady(HealthStatus status, string reason, string message, StoreFacts store) =>
        Verdict.Of(status, reason, message, store.Cause) with { Fails = Fails.Readyz };

    private static string Text(TimeSpan duration) =>
        string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds:0.##} s");
}
