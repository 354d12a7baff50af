using Cassini.Streams.Events;

namespace Cassini.Streams.Health.Facts;

/// <summary>How much of each resource is in use, and which one is used up.</summary>
internal sealed record CapacityFacts
{
    public static readonly CapacityFacts None = new();

    public ResourceFacts Connections { get; init; } = ResourceFacts.None;

    public ResourceFacts Sessions { get; init; } = ResourceFacts.None;

    public ResourceFacts Memory { get; init; } = ResourceFacts.None;

    public ResourceFacts Retained { get; init; } = ResourceFacts.None;

    public ResourceFacts SharedSubscriptions { get; init; } = ResourceFacts.None;

    public ResourceFacts Topics { get; init; } = ResourceFacts.None;

    public ResourceFacts Descriptors { get; init; } = ResourceFacts.None;

    /// <summary>Each resource with its facts.</summary>
    public IEnumerable<(CapacityResource Resource, ResourceFacts Facts)> Each() =>
    [
        (CapacityResource.Connections, Connections),
        (CapacityResource.Sessions, Sessions),
        (CapacityResource.Memory, Memory),
        (CapacityResource.Retained, Retained),
        (CapacityResource.SharedSubscriptions, SharedSubscriptions),
        (CapacityResource.Topics, Topics),
        (CapacityResource.Descriptors, Descriptors),
    ];

    /// <summary>Those of which nothing may be left only while something is turned away.</summary>
    public IEnumerable<(CapacityResource Resource, ResourceFacts Facts)> Judged() =>
        Each().Where(use => use.Resource != CapacityResource.Topics);

    /// <remarks>Publishers wait for memory before they are refused, so one sample at its limit proves nothing.</remarks>
    public CapacityFacts Apply(Capacity? sample, long sequence, HealthPolicy policy) => sample is null ? this : this with
    {
        Connections = Connections.Apply(sample.Connections, sequence, policy),
        Sessions = Sessions.Apply(sample.Sessions, sequence, policy),
        Memory = Memory.Apply(sample.Memory, sequence, policy, waits: true, takesSizes: true),
        Retained = Retained.Apply(sample.Retained, sequence, policy, takesSizes: true),
        SharedSubscriptions = SharedSubscriptions.Apply(sample.SharedSubscriptions, sequence, policy),
        Topics = Topics.Apply(sample.Topics, sequence, policy),
        Descriptors = Descriptors.Apply(sample.Descriptors, sequence, policy),
    };

    /// <summary>A client or a message was turned away. The share of one identity is not the broker's capacity.</summary>
    public CapacityFacts Apply(CapacityReached reached, long sequence, HealthPolicy policy) => reached.Identity is not null ? this
        : With(reached.Resource, facts => facts.Refused(sequence, policy, reached));

    /// <summary>A connection was refused because too many are open.</summary>
    public CapacityFacts RefuseConnection(long sequence, HealthPolicy policy) =>
        Connections.IsFull ? this : this with { Connections = Connections.Refused(sequence, policy) };

    /// <summary>
    /// The system let the process open no more: connections wait. Only where descriptors are sampled, because only a sample with room ends
    /// it.
    /// </summary>
    public CapacityFacts RunOutOfDescriptors(long sequence, HealthPolicy policy) =>
        Descriptors.Limit == 0 || Descriptors.IsFull ? this : this with { Descriptors = Descriptors.Refused(sequence, policy) };

    /// <summary>The same evidence under another policy.</summary>
    public CapacityFacts Under(HealthPolicy policy) => new()
    {
        Connections = Connections.Under(policy),
        Sessions = Sessions.Under(policy),
        Memory = Memory.Under(policy),
        Retained = Retained.Under(policy),
        SharedSubscriptions = SharedSubscriptions.Under(policy),
        Topics = Topics.Under(policy),
        Descriptors = Descriptors.Under(policy),
    };

    private CapacityFacts With(CapacityResource resource, Func<ResourceFacts, ResourceFacts> change) => resource switch
    {
        CapacityResource.Connections => this with { Connections = change(Connections) },
        CapacityResource.Sessions => this with { Sessions = change(Sessions) },
        CapacityResource.Memory => this with { Memory = change(Memory) },
        CapacityResource.Retained => this with { Retained = change(Retained) },
        CapacityResource.SharedSubscriptions => this with { SharedSubscriptions = change(SharedSubscriptions) },
        CapacityResource.Descriptors => this with { Descriptors = change(Descriptors) },
        _ => this,
    };
}
