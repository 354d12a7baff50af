using Cassini.Streams.Events;

namespace Cassini.Streams.Feed;

/// <summary>Where a feed's bytes come from.</summary>
internal interface IFeedTransport : IDisposable
{
    /// <summary>Opens the feed.</summary>
    /// <param name="after">The last event known; null to begin now.</param>
    /// <param name="categories">The families of events that are wanted.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <exception cref="FeedLostException">It cannot be had.</exception>
    Task<Stream> OpenAsync(EventId? after, IReadOnlyCollection<EventCategory> categories, CancellationToken cancellation);

    /// <summary>The body of <c>GET /state</c>.</summary>
    /// <exception cref="HttpRequestException">It cannot be had.</exception>
    Task<byte[]> ReadStateAsync(CancellationToken cancellation);
}

/// <summary>A feed cannot be had, or not any longer.</summary>
internal sealed class FeedLostException(FeedLoss reason, string detail) : Exception(detail)
{
    public FeedLoss Reason => reason;
}
