namespace Cassini.Web.Harness.Verdicts;

/// <summary>The exit codes that <c>cassini run</c> has beside those of every command.</summary>
internal static class RunExitCode
{
    public const int ExpectationFailed = 4;
    public const int BrokerUnhealthy = 5;
    public const int WorkerLost = 6;

    /// <summary>The plan is wrong (EX_DATAERR of sysexits).</summary>
    public const int BrokenPlan = 65;
}
