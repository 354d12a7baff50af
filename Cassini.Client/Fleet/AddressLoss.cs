using Cassini.Streams.Feed;

namespace Cassini.Streams.Fleet;

/// <summary>Why one of a fleet's addresses does not answer.</summary>
/// <param name="Management">The address.</param>
/// <param name="Reason">Why.</param>
/// <param name="Detail">The same for people; one bounded line.</param>
public sealed record AddressLoss(Uri Management, FeedLoss Reason, string Detail)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Management.GetLeftPart(UriPartial.Authority)}: {Detail}";
}
