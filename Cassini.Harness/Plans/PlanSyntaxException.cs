namespace Cassini.Harness.Plans;

/// <summary>The file is not JSON.</summary>
internal sealed class PlanSyntaxException(Position at, string message, Exception? cause = null) : Exception(message, cause)
{
    public Position At { get; } = at;
}
