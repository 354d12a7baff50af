using System.Collections.Immutable;
using Cassini.Streams.Events;

namespace Cassini.Streams.Health.Records;

/// <summary>A transition of a replay.</summary>
/// <param name="Time">When, on the recorded wall clock.</param>
/// <param name="Change">What changed; its <see cref="HealthChanged.At"/> is exact.</param>
/// <param name="Evidence">The events that caused it.</param>
public sealed record ReplayTransition(DateTimeOffset Time, HealthChanged Change, ImmutableArray<ReplayEvidence> Evidence);

/// <summary>An event that caused a transition.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Type">Its type, for example <c>bindFailed</c>; null when the event was before the record, or is missing from it.</param>
/// <param name="Time">When, on the recorded wall clock; null when the type is null.</param>
public sealed record ReplayEvidence(EventId Id, string? Type, DateTimeOffset? Time);
