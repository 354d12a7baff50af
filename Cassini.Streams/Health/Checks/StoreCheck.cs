using System.Globalization;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Facts;

namespace Cassini.Streams.Health.Checks;

/// <summary>What is acknowledged becomes durable, and soon. Off when nothing is stored.</summary>
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
                    $"messages that would be stored are refused: {visible.Problem}", store.Cause)
            : visible.Level is null
                ? Verdict.Of(HealthStatus.Unknown, Reasons.NoEvidence, "what earlier runs left is being read", store.Cause)
            : store.Stalled
                ? Verdict.Of(HealthStatus.Error, Reasons.StoreStalled, $"a change waits for the disk for {Text(store.Lag)}", store.Cause)
            : store.Slow
                ? Verdict.Of(
                    HealthStatus.Degraded, Reasons.StoreSlow, $"a change waited for the disk for {Text(store.Slowest)}", store.Cause)
            : store.Warning is { } warning
                ? Verdict.Of(HealthStatus.Degraded, Reasons.StoreSpaceLow, warning, store.Cause)
            : Verdict.Ok();
    }

    private static string Text(TimeSpan duration) =>
        string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds:0.##} s");
}
