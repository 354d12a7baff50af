using System.Globalization;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Facts;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Health.Checks;

/// <summary>
/// Messages are delivered as fast as they arrive, and none is lost: a loss degrades the check for the hold time. What only absent clients
/// of one identity leave waiting degrades it at most: nobody else is affected. Before the first sample the check is ok, because nothing
/// can be queued yet.
/// </summary>
internal sealed class BacklogCheck : Check
{
    public override string Name => CheckNames.Backlog;

    public override object Basis(HealthFacts facts) => facts.Load;

    public override Verdict Judge(HealthFacts facts, HealthPolicy policy, TimeSpan now, HealthStatus raw)
    {
        var load = facts.Load;
        return load.OverHard ? Verdict.Of(HealthStatus.Error, Reasons.BacklogFull, Message(load, policy.BacklogHard), load.Cause)
            : load.LastDrop is { } drop && load.LastDropAt + policy.Hold > now
                ? Verdict.Of(HealthStatus.Degraded, Reasons.MessagesDropped, Message(drop), load.DropCause)
                    .Before(load.LastDropAt + policy.Hold)
            : load.OverSoft ? Verdict.Of(HealthStatus.Degraded, Reasons.BacklogHigh, Message(load, policy.BacklogSoft), load.Cause)
            : Verdict.Ok();
    }

    private static string Message(MessagesDropped drop) =>
        $"{Quantity.Of(drop.Count, "message")} for {drop.ClientId ?? "several clients"} dropped within a second";

    private static string Message(LoadFacts load, long limit)
    {
        var queued = string.Create(CultureInfo.InvariantCulture, $"{Quantity.Of(load.Queued, "message")} queued, the limit is {limit:N0}");
        return load.Holder is null ? queued
            : string.Create(CultureInfo.InvariantCulture, $"{queued}; absent clients of '{load.Holder}' hold most: {load.Held:N0}");
    }
}
