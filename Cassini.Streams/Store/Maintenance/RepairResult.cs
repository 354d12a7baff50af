using System.Collections.Immutable;

namespace Cassini.Streams.Store.Maintenance;

/// <summary>What a repair has kept.</summary>
/// <param name="Kept">How many groups.</param>
/// <param name="Dropped">How many groups that could be read it has dropped.</param>
/// <param name="EndedSessions">Sessions that what follows shows to have ended, with their client identifiers.</param>
/// <param name="EndedCopies">How many copies were ended because their packet identifiers were given to later ones.</param>
internal sealed record RepairResult(long Kept, long Dropped, ImmutableArray<string> EndedSessions, long EndedCopies);
