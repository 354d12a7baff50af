using System.Globalization;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Facts;

namespace Cassini.Streams.Health.Checks;

/// <summary>Messages are delivered as fast as they come. Before the first sample nothing can be queued.</summary>
internal sealed class BacklogCheck : Check
{
    public override string Name => CheckNames.Backlog;

    public override object Basis(HealthFacts facts) => facts.Load;

    public override Verdict Judge(HealthFacts facts, HealthPolicy policy, TimeSpan now, HealthStatus raw)
    {
        var load = facts.Load;
        return load.OverHard ? Verdict.Of(HealthStatus.Error, Reasons.BacklogFull, Message(load.Queued, policy.BacklogHard), load.Cause)
            : load.OverSoft ? Verdict.Of(HealthStatus.Degraded, Reasons.BacklogHigh, Message(load.Queued, policy.BacklogSoft), load.Cause)
            : Verdict.Ok();
    }

    private static string Message(long queued, long limit) =>
        string.Create(CultureInfo.InvariantCulture, $"{queued} messages queued, the limit is {limit}");
}
