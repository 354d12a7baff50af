using Cassini.Streams.Events;

namespace Cassini.Streams.Health.Facts;

/// <summary>The phase of the process.</summary>
internal sealed record PhaseFacts(Phase Phase, long Cause)
{
    public static readonly PhaseFacts None = new(Phase.Starting, 0);

    public PhaseFacts Apply(PhaseEntered entered, long sequence) => new(entered.Phase, sequence);
}
