using System.Globalization;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Facts;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Health.Checks;

/// <summary>
/// Messages are delivered as fast as they arrive, and none is lost: a loss degrades the check for the hold time. Before the first
/// sample the check is ok, because nothing can be queued yet.
/// </summary>
internal sealed class BacklogCheck : Check
{
    public override string Name => CheckNames.Backlog;

    public override object Basis(HealthFacts facts) => facts.Load;

    public override Verdict Judge(HealthFacts facts, HealthPolicy policy, TimeSpan now, HealthStatus raw)
    {
        var load = facts.Load;
        return load.OverHard ? Verdict.Of(HealthStatus.Error, Reasons.BacklogFull, Message(load.Queued, policy.BacklogHard), load.Cause)
            : load.LastDrop is { } drop && load.LastDropAt + policy.Hold > now
                ? Verdict.Of(HealthStatus.Degraded, Reasons.MessagesDropped, Message(drop), load.DropCause)
                    .Before(load.LastDropAt + policy.Hold)
            : load.OverSoft ? Verdict.Of(HealthStatus.Degraded, Reasons.BacklogHigh, Message(load.Queued, policy.BacklogSoft), load.Cause)
            : Verdict.Ok();
    }

    private static string Message(MessagesDropped drop) =>
        $"{Quantity.Of(drop.Count, "message")} for {drop.ClientId ?? "several clients"} dropped within a second";

    private static string Message(long queued, long limit) =>
        string.Create(CultureInfo.InvariantCulture, $"{Quantity.Of(queued, "message")} queued, the limit is {limit:N0}");
}
