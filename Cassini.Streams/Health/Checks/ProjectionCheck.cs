using Cassini.Streams.Events;
using Cassini.Streams.Health.Facts;

namespace Cassini.Streams.Health.Checks;

/// <summary>
/// The fold still runs. Inside the fold that is always true, so only the projection around the fold can judge it, at each read.
/// </summary>
internal sealed class ProjectionCheck : Check
{
    private static readonly object NoFacts = new();

    public override string Name => CheckNames.Projection;

    public override bool InReadyz => true;

    public override bool InLivez => true;

    public override object Basis(HealthFacts facts) => NoFacts;

    public override Verdict Judge(HealthFacts facts, HealthPolicy policy, TimeSpan now, HealthStatus raw) => Verdict.Ok();
}
