using System.Collections.Immutable;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Checks;
using Cassini.Streams.Health.Facts;

namespace Cassini.Streams.Health.Records;

/// <summary>
/// A health state as it is written: only the parts that cannot be computed from the others, and that the header does not have.
/// </summary>
/// <param name="Origin">The wall-clock time of elapsed zero.</param>
/// <param name="LastConnection">When the last connection was accepted.</param>
/// <param name="Revision">The revision of the verdicts.</param>
/// <param name="Checks">The checks, by name.</param>
/// <param name="Facts">The facts that the checks judge.</param>
/// <param name="Counts">The counts.</param>
internal sealed record WrittenState(
    DateTimeOffset Origin,
    DateTimeOffset? LastConnection,
    long Revision,
    Dictionary<string, WrittenCheck> Checks,
    HealthFacts Facts,
    HealthCounts Counts);

/// <summary>A check as it is written; see <see cref="CheckState"/>.</summary>
internal sealed record WrittenCheck(
    HealthStatus Status,
    TimeSpan Since,
    string? Reason,
    string? Message,
    ImmutableArray<long> Evidence,
    WrittenVerdict Raw,
    Fails Flags,
    TimeSpan FlagsSince,
    bool HadEvidence,
    SlidingCounter Changes);

/// <summary>A judgement as it is written; see <see cref="Verdict"/>.</summary>
internal sealed record WrittenVerdict(
    HealthStatus Status, string? Reason, string? Message, ImmutableArray<long> Evidence, TimeSpan Until, Fails Fails);
