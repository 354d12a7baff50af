using Cassini.Streams.Events;
using Cassini.Streams.Health.Facts;

namespace Cassini.Streams.Health.Checks;

/// <summary>
/// Inside the fold the fold is alive by definition; whether it still is can only be judged by who reads it
/// (<see cref="HealthProjection"/> does, at each read).
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
