namespace Cassini.Harness.Plans;

/// <summary>Something that is wrong with a plan.</summary>
/// <param name="At">Where it stands.</param>
/// <param name="Path">What it is part of, such as <c>tests[0].sinks[1].topic</c>; empty for the plan as a whole.</param>
/// <param name="Message">What is wrong and what is allowed.</param>
/// <param name="IsWarning">Whether the plan can be run all the same.</param>
internal sealed record PlanProblem(Position At, string Path, string Message, bool IsWarning = false)
{
    /// <summary>One line in the form that editors jump to.</summary>
    public string In(string file)
    {
        var path = Path.Length > 0 ? $"{Path}: " : "";
        return $"{file}:{At.Line}:{At.Column}: {(IsWarning ? "warning: " : "")}{path}{Message}";
    }
}
