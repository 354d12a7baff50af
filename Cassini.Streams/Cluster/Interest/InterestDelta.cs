using System.Collections.Immutable;

namespace Cassini.Streams.Cluster.Interest;

/// <summary>What a node wants from one version of its interest to another.</summary>
/// <param name="From">The version before; 0 for nothing.</param>
/// <param name="To">The version after.</param>
/// <param name="Wanted">Filters with wildcards that are new, or have another class now.</param>
/// <param name="Unwanted">Filters with wildcards that are gone.</param>
/// <param name="Topics">Filters without wildcards that are new, have another class now, or are gone.</param>
/// <param name="Claims">Clients whose sessions it wants or has, or has in another way now.</param>
/// <param name="Released">Clients that have no session there any more.</param>
/// <param name="Shares">Shared subscriptions that have another number of members there.</param>
internal sealed record InterestDelta(
    long From, long To, ImmutableArray<WantedFilter> Wanted, ImmutableArray<string> Unwanted, ImmutableArray<WantedTopic> Topics,
    ImmutableArray<ClientClaim> Claims, ImmutableArray<ulong> Released, ImmutableArray<SharedFilter> Shares);

/// <summary>A filter that a node wants the messages of.</summary>
/// <param name="Filter">The filter.</param>
/// <param name="Class">What of them.</param>
internal readonly record struct WantedFilter(string Filter, FilterClass Class);
