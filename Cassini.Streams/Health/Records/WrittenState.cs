using Cassini.Streams.Health.Facts;
using Cassini.Streams.Health.Folding;

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
