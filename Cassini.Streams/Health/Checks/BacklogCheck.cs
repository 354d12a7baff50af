using System.Globalization;
using Cassini.Streams.Events;

namespace Cassini.Streams.Health.Checks;

/// <summary>Messages are delivered as fast as they come. Before the first sample nothing can be queued.</summary>
internal sealed class BacklogCheck : Check
{
    public override string Name => CheckNames.Backlog;

    public override object Basis(HealthState state) => state.Load;

    public override Verdict Judge(HealthState state, HealthPolicy policy, TimeSpan now, HealthStatus raw)
    {
        var load = state.Load;
        return load.OverHard ? Verdict.Of(HealthStatus.Error, Reasons.BacklogFull, Message(load.Queued, policy.BacklogHard), load.Cause)
            : load.OverSoft ? Verdict.Of(HealthStatus.Degraded, Reasons.BacklogHigh, Message(load.Queued, policy.BacklogSoft), load.Cause)
            : Verdict.Ok();
    }

    private static string Message(long queued, long limit) =>
        string.Create(CultureInfo.InvariantCulture, $"{queued} messages queued, the limit is {limit}");
}
