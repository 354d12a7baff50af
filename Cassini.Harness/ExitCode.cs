using Cassini.Harness.Verdicts;

namespace Cassini.Harness;

/// <summary>The exit codes of the process. Every command uses the first group; the second is of test runs.</summary>
internal static class ExitCode
{
    /// <summary>The command did what it was asked to do.</summary>
    public const int Ok = 0;

    /// <summary>An error, or a start that cannot succeed.</summary>
    public const int Error = 2;

    /// <summary>What the command waited for did not come in time.</summary>
    public const int TimedOut = 3;

    /// <summary>An expectation of the plan does not hold.</summary>
    public const int ExpectationFailed = 4;

    /// <summary>A broker's health ended the run.</summary>
    public const int BrokerUnhealthy = 5;

    /// <summary>A worker was lost; of a worker: its controller was.</summary>
    public const int WorkerLost = 6;

    /// <summary>The command line itself is wrong (EX_USAGE of sysexits).</summary>
    public const int Usage = 64;

    /// <summary>The plan is wrong (EX_DATAERR of sysexits).</summary>
    public const int BrokenPlan = 65;

    /// <summary>128 + SIGINT, as a shell reports it.</summary>
    public const int Interrupted = 130;

    /// <summary>128 + SIGPIPE, as a shell reports it: nobody reads the output any more.</summary>
    public const int BrokenPipe = 141;

    /// <summary>The exit code of a run.</summary>
    public static int Of(Verdict verdict) => verdict switch
    {
        Verdict.Passed => Ok,
        Verdict.TimedOut => TimedOut,
        Verdict.ExpectationFailed => ExpectationFailed,
        Verdict.BrokerUnhealthy => BrokerUnhealthy,
        Verdict.WorkerLost => WorkerLost,
        Verdict.Interrupted => Interrupted,
        _ => Error,
    };
}
