using Cassini.Harness.Messages;
using Cassini.Harness.Plans;

namespace Cassini.Harness.Load;

/// <summary>What the messages of a test have in common.</summary>
/// <param name="Id">The run, as the envelope carries it.</param>
/// <param name="Seed">The plan's seed.</param>
/// <param name="Test">The test's index.</param>
internal sealed record LoadRun(ulong Id, long Seed, int Test)
{
    public static LoadRun Of(TestPlan plan, PlanTest test) => new(Envelope.RunOf(plan.Name, plan.Seed), plan.Seed, test.Index);
}
