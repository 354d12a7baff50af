using Cassini.Harness.Load;
using Cassini.Harness.Results;
using Cassini.Harness.Verdicts;

namespace Cassini.Harness.Reports;

/// <summary>
/// Everything that is known of a run at its end, however it ended: the body of <c>--report</c> and <c>--json</c>. Times are in seconds.
/// </summary>
internal sealed record RunReport
{
    public required string Plan { get; init; }

    public required long Seed { get; init; }

    public required Verdict Verdict { get; init; }

    /// <summary>The reason of the verdict; null when the run passed.</summary>
    public required string? Message { get; init; }

    public required int ExitCode { get; init; }

    public required double Seconds { get; init; }

    public required IReadOnlyList<TestReport> Tests { get; init; }

    public required IReadOnlyList<HealthLine> Health { get; init; }

    public required IReadOnlyList<WorkerLine> Workers { get; init; }
}

/// <summary>How a test ended.</summary>
internal enum TestState
{
    Passed,
    Failed,

    /// <summary>Stopped before its end: its counts are those of that moment, and its expectations were not judged.</summary>
    Stopped,

    /// <summary>Not begun.</summary>
    Skipped,
}

internal sealed record TestReport
{
    public required string Name { get; init; }

    public required string Broker { get; init; }

    public required TestState State { get; init; }

    public double Seconds { get; init; }

    public IReadOnlyList<PublisherLine> Publishers { get; init; } = [];

    public IReadOnlyList<SubscriberLine> Subscribers { get; init; } = [];

    public IReadOnlyList<FaultLine> Faults { get; init; } = [];
}

internal sealed record PublisherLine
{
    public required string Name { get; init; }

    public required string Worker { get; init; }

    /// <summary>Null for that of the test.</summary>
    public string? Broker { get; init; }

    public required long Sent { get; init; }

    public required long Acknowledged { get; init; }

    public required long Failed { get; init; }

    public required long Retransmitted { get; init; }

    public required long Reconnects { get; init; }

    public required long Bytes { get; init; }

    public required double Seconds { get; init; }

    public required double MessagesPerSecond { get; init; }

    public required string? LastError { get; init; }
}

internal sealed record SubscriberLine
{
    public required string Name { get; init; }

    public required string Worker { get; init; }

    /// <summary>Null for that of the test.</summary>
    public string? Broker { get; init; }

    public required long Received { get; init; }

    public required long Unique { get; init; }

    public required long Duplicates { get; init; }

    public required long Corrupt { get; init; }

    public required long Foreign { get; init; }

    public required long OutOfOrder { get; init; }

    public required long Missing { get; init; }

    public required long Bytes { get; init; }

    public required double? FirstSeconds { get; init; }

    public required double? LastSeconds { get; init; }

    public required double LongestGapSeconds { get; init; }

    public required double MessagesPerSecond { get; init; }

    /// <summary>Null when the publishers were in other processes.</summary>
    public required LatencySummary? Latency { get; init; }

    public required long Reconnects { get; init; }

    public required string? LastError { get; init; }

    public IReadOnlyList<ExpectationResult> Expectations { get; init; } = [];
}

/// <param name="Fault">Its name.</param>
/// <param name="Endpoint">Which endpoint; null for every one.</param>
/// <param name="PlannedSeconds">The time of the plan, from the test's start.</param>
/// <param name="InjectedSeconds">The time when it was injected; null when the test ended before.</param>
/// <param name="TolerateSeconds">For how long it was tolerated.</param>
/// <param name="Broker">Which broker; null for that of the test.</param>
internal sealed record FaultLine(
    string Fault, string? Endpoint, double PlannedSeconds, double? InjectedSeconds, double TolerateSeconds, string? Broker);

/// <param name="Seconds">The time since the brokers were ready.</param>
internal sealed record HealthLine(double Seconds, string Broker, string Status, bool Ready, string Why, bool Tolerated);

/// <param name="Name">The name that it joined with.</param>
/// <param name="Role">What it runs.</param>
/// <param name="Lost">Why it was lost; null when it was not.</param>
internal sealed record WorkerLine(string Name, string Role, string? Lost);
