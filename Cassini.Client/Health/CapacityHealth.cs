using Cassini.Streams.Events;

namespace Cassini.Streams.Health;

/// <summary>How much of a resource was in use at the last sample, or when something was turned away since.</summary>
/// <param name="Resource">The resource.</param>
/// <param name="Used">What is in use.</param>
/// <param name="Limit">The most that may be, as of the same sample or refusal.</param>
public sealed record CapacityHealth(CapacityResource Resource, long Used, long Limit);
