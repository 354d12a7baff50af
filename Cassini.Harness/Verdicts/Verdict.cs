namespace Cassini.Harness.Verdicts;

/// <summary>How a run ended.</summary>
internal enum Verdict
{
    Passed,

    /// <summary>The brokers, the workers, a test or the plan took too long.</summary>
    TimedOut,

    /// <summary>An expectation of the plan does not hold.</summary>
    ExpectationFailed,

    /// <summary>A broker's health became worse than the plan allows.</summary>
    BrokerUnhealthy,

    /// <summary>A worker died or no longer answered; of a worker: its controller.</summary>
    WorkerLost,

    Interrupted,

    /// <summary>Any other reason why a run cannot continue.</summary>
    Error,
}

internal static class VerdictExtensions
{
    public static string InWords(this Verdict verdict) => verdict switch
    {
        Verdict.TimedOut => "timed out",
        Verdict.ExpectationFailed => "expectation failed",
        Verdict.BrokerUnhealthy => "broker unhealthy",
        Verdict.WorkerLost => "worker lost",
        _ => verdict.ToString().ToLowerInvariant(),
    };
}
