namespace Cassini.Harness.Plans;

/// <summary>Collects problems, so that all of them are reported at once.</summary>
internal sealed class PlanProblems
{
    private readonly List<PlanProblem> _all = [];

    public bool HasErrors => _all.Any(problem => !problem.IsWarning);

    public IReadOnlyList<PlanProblem> InOrder => [.. _all.OrderBy(problem => problem.At)];

    public void Add(Position at, string path, string message) => _all.Add(new PlanProblem(at, path, message));

    public void Warn(Position at, string path, string message) => _all.Add(new PlanProblem(at, path, message, IsWarning: true));
}
