
namespace Cassini.Harness.Verdicts;

/// <summary>How a run ended.</summary>
internal enum Verdict
{
    Passed,

    /// <summary>The brokers, or the plan, took too long.</summary>
    TimedOut,

    /// <summary>A sink did not see what it was to see.</summary>
    ExpectationFailed,

    /// <summary>A broker's health left what the plan allows.</summary>
    BrokerUnhealthy,

    /// <summary>A worker died or went silent.</summary>
    WorkerLost,

    Interrupted,

    /// <summary>Anything else that keeps a run from going on.</summary>
    Error,
}

internal static class VerdictExtensions
{
    /// <summary>What the process answers its caller.</summary>
    public static int ExitCode(this Verdict verdict) => verdict switch
    {
        Verdict.Passed => Harness.ExitCode.Ok,
        Verdict.TimedOut => Harness.ExitCode.TimedOut,
        Verdict.ExpectationFailed => Harness.ExitCode.ExpectationFailed,
        Verdict.BrokerUnhealthy => Harness.ExitCode.BrokerUnhealthy,
        Verdict.WorkerLost => Harness.ExitCode.WorkerLost,
        Verdict.Interrupted => Harness.ExitCode.Interrupted,
        _ => Harness.ExitCode.Error,
    };

    public static string InWords(this Verdict verdict) => verdict switch
    {
        Verdict.TimedOut => "timed out",
        Verdict.ExpectationFailed => "expectation failed",
        Verdict.BrokerUnhealthy => "broker unhealthy",
        Verdict.WorkerLost => "worker lost",
        _ => verdict.ToString().ToLowerInvariant(),
    };
}
