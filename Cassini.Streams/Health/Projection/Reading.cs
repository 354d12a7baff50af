using Cassini.Streams.Health.Folding;

namespace Cassini.Streams.Health.Projection;

/// <summary>The result of reading health at one instant.</summary>
/// <param name="State">The state that was folded by then.</param>
/// <param name="Freshness">Whether the state can be trusted at that instant.</param>
/// <param name="Snapshot">The snapshot made from both.</param>
internal sealed record Reading(HealthState State, Freshness Freshness, HealthSnapshot Snapshot)
{
    /// <summary>Whether it differs visibly from <paramref name="before"/>. Differences of only times and counts are not visible.</summary>
    public bool DiffersVisibly(Reading before) =>
        State.Verdicts.Revision != before.State.Verdicts.Revision || Freshness != before.Freshness;
}
