using System.Collections.Immutable;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Checks;
using Cassini.Streams.Health.Facts;

namespace Cassini.Streams.Health.Folding;

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
