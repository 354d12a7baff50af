using Cassini.Streams.Events;

namespace Cassini.Streams.Health.Facts;

/// <summary>How much of each resource is in use, and which one is used up.</summary>
internal sealed record CapacityFacts
{
    public static readonly CapacityFacts None = new();

    public ResourceFacts Connections { get; init; } = ResourceFacts.None;

    public ResourceFacts Sessions { get; init; } = ResourceFacts.None;

    public ResourceFacts Memory { get; init; } = ResourceFacts.None;

    /// <summary>Each resource with its facts.</summary>
    public IEnumerable<(CapacityResource Resource, ResourceFacts Facts)> Each() =>
    [
        (CapacityResource.Connections, Connections),
        (CapacityResource.Sessions, Sessions),
        (CapacityResource.Memory, Memory),
    ];

    /// <remarks>Publishers wait for memory before they are refused, so one sample at its limit proves nothing.</remarks>
    public CapacityFacts Apply(Capacity? sample, long sequence, HealthPolicy policy) => sample is null ? this : this with
    {
        Connections = Connections.Apply(sample.Connections, sequence, policy),
        Sessions = Sessions.Apply(sample.Sessions, sequence, policy),
        Memory = Memory.Apply(sample.Memory, sequence, policy, waits: true),
    };

    /// <summary>A client or a message was turned away. The share of one identity is not the broker's capacity.</summary>
    public CapacityFacts Apply(CapacityReached reached, long sequence, HealthPolicy policy) => (reached.Resource, reached.Identity) switch
    {
        (CapacityResource.Connections, null) => this with { Connections = Connections.Refused(sequence, policy, reached) },
        (CapacityResource.Sessions, null) => this with { Sessions = Sessions.Refused(sequence, policy, reached) },
        (CapacityResource.Memory, null) => this with { Memory = Memory.Refused(sequence, policy, reached) },
        _ => this,
    };

    /// <summary>A connection was refused because too many are open.</summary>
    public CapacityFacts RefuseConnection(long sequence, HealthPolicy policy) =>
        Connections.IsFull ? this : this with { Connections = Connections.Refused(sequence, policy) };

    /// <summary>The same evidence under another policy.</summary>
    public CapacityFacts Under(HealthPolicy policy) => new()
    {
        Connections = Connections.Under(policy),
        Sessions = Sessions.Under(policy),
        Memory = Memory.Under(policy),
    };
}
