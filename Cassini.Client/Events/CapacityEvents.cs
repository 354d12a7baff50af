namespace Cassini.Streams.Events;

/// <summary>What new clients and new messages need, and what cannot grow without limit.</summary>
public enum CapacityResource
{
    /// <summary>Open connections.</summary>
    Connections,

    /// <summary>Sessions, open or kept.</summary>
    Sessions,

    /// <summary>The memory for messages, in bytes.</summary>
    Memory,

    /// <summary>Topics with a retained message.</summary>
    Retained,

    /// <summary>Shared subscriptions, each once however many members it has.</summary>
    SharedSubscriptions,

    /// <summary>Listed topics. Nothing is turned away when there is no place for one more: it is used all the same.</summary>
    Topics,

    /// <summary>
    /// The disk for messages that wait in the journal alone, in bytes. When there is none left for a message, its copy is dropped.
    /// </summary>
    Disk,

    /// <summary>File descriptors of the process. No identity has a share of them: they are used up by connections.</summary>
    Descriptors,
}

/// <summary>How much of a resource is in use.</summary>
/// <param name="Used">What is in use.</param>
/// <param name="Limit">The most that may be.</param>
/// <param name="Holder">The identity that holds most of it; null when less than half is in use, or when none is known.</param>
/// <param name="Held">How much that identity holds; 0 without one.</param>
public sealed record ResourceUse(long Used, long Limit, string? Holder = null, long Held = 0)
{
    /// <summary>Whether nothing is left.</summary>
    internal bool IsAtLimit => Used >= Limit;
}

/// <summary>How much of each resource is in use.</summary>
/// <param name="Connections">Open connections.</param>
/// <param name="Sessions">Sessions, open or kept; null when the host serves no MQTT.</param>
/// <param name="Memory">The memory for messages, in bytes; null when the host serves no MQTT.</param>
public sealed record Capacity(ResourceUse Connections, ResourceUse? Sessions = null, ResourceUse? Memory = null)
{
    /// <summary>
    /// Topics with a retained message; null when the host retains none, and in a record of an older Cassini. The limit is their
    /// number, not <c>Broker:MaxRetained</c>, where hardly any of the memory for them is left.
    /// </summary>
    public ResourceUse? Retained { get; init; }

    /// <summary>
    /// Shared subscriptions, each once however many members it has; null when the host serves no MQTT, and in a record of an older Cassini.
    /// </summary>
    public ResourceUse? SharedSubscriptions { get; init; }

    /// <summary>Listed topics; null when the host serves no MQTT, and in a record of an older Cassini.</summary>
    public ResourceUse? Topics { get; init; }

    /// <summary>
    /// File descriptors of the process, with the identity that has most connections; null where they cannot be counted, and in a record
    /// of an older Cassini.
    /// </summary>
    public ResourceUse? Descriptors { get; init; }

    /// <summary>Whether nothing is left of at least one resource, so that something is turned away.</summary>
    internal bool IsAtLimit => Connections.IsAtLimit || Sessions is { IsAtLimit: true } || Memory is { IsAtLimit: true }
        || Retained is { IsAtLimit: true } || SharedSubscriptions is { IsAtLimit: true } || Descriptors is { IsAtLimit: true };
}

/// <summary>
/// Clients or messages are turned away because a limit was reached. Published at once, and after that at most once a second for each limit
/// of the whole broker. That an identity's share is used up is published at once too; of its repetitions, for all identities together, ten
/// are published at once, and then one a second.
/// </summary>
/// <param name="Resource">Of what.</param>
/// <param name="Limit">The limit.</param>
/// <param name="Identity">The identity whose own share is used up; null when it is the whole broker's limit.</param>
public sealed record CapacityReached(CapacityResource Resource, long Limit, string? Identity = null) : BrokerEvent
{
    /// <summary>
    /// The identity that holds most of the whole broker's limit; null when none is known, and in a record of an older Cassini.
    /// </summary>
    public string? Holder { get; init; }

    /// <summary>How much <see cref="Holder"/> holds, in bytes of memory or a number; 0 without one.</summary>
    public long Held { get; init; }

    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Load;

    /// <summary>The same, with the identity that holds most.</summary>
    internal CapacityReached HeldAs(ResourceUse use) => this with { Holder = use.Holder, Held = use.Held };
}
