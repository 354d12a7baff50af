namespace Cassini.Harness.Plans;

/// <summary>Something that is wrong with a plan.</summary>
/// <param name="At">The position.</param>
/// <param name="Path">The path of the value, such as <c>tests[0].subscribers[1].topic</c>; empty for the plan as a whole.</param>
/// <param name="Message">What is wrong and what is allowed.</param>
/// <param name="IsWarning">Whether the plan can be run nevertheless.</param>
internal sealed record PlanProblem(Position At, string Path, string Message, bool IsWarning = false)
{
    /// <summary>One line that begins with a position which editors recognize.</summary>
    public string In(string file)
    {
        var path = Path.Length > 0 ? $"{Path}: " : "";
        return $"{file}:{At.Line}:{At.Column}: {(IsWarning ? "warning: " : "")}{path}{Message}";
    }
}
