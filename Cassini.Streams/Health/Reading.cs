namespace Cassini.Streams.Health;

/// <summary>What somebody who reads health at one instant finds.</summary>
/// <param name="State">What was folded by then.</param>
/// <param name="Freshness">Whether it can be trusted at that instant.</param>
/// <param name="Snapshot">What follows from both.</param>
internal sealed record Reading(HealthState State, Freshness Freshness, HealthSnapshot Snapshot)
{
    /// <summary>Whether it says something else than <paramref name="before"/>. Times and counts alone are nothing else.</summary>
    public bool DiffersVisibly(Reading before) =>
        State.Verdicts.Revision != before.State.Verdicts.Revision || Freshness != before.Freshness;
}
