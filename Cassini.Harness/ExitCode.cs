namespace Cassini.Harness;

/// <summary>What the process answers its caller. Every command uses the first group; the second is of test runs.</summary>
internal static class ExitCode
{
    /// <summary>What was asked for is so.</summary>
    public const int Ok = 0;

    /// <summary>It works, with a check that is degraded.</summary>
    public const int Degraded = 1;

    /// <summary>An error, or a start that cannot succeed.</summary>
    public const int Error = 2;

    /// <summary>What was waited for did not come in time.</summary>
    public const int TimedOut = 3;

    /// <summary>An expectation of the plan does not hold.</summary>
    public const int ExpectationFailed = 4;

    /// <summary>A broker's health ended the run.</summary>
    public const int BrokerUnhealthy = 5;

    /// <summary>A worker was lost.</summary>
    public const int WorkerLost = 6;

    /// <summary>The command line itself is wrong (EX_USAGE of sysexits).</summary>
    public const int Usage = 64;

    /// <summary>The plan is wrong (EX_DATAERR of sysexits).</summary>
    public const int BrokenPlan = 65;

    /// <summary>128 + SIGINT, as a shell reports it.</summary>
    public const int Interrupted = 130;
}
