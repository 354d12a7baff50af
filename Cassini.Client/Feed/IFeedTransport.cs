using Cassini.Streams.Events;

namespace Cassini.Streams.Feed;

/// <summary>The source of a feed's bytes.</summary>
internal interface IFeedTransport : IDisposable
{
    /// <summary>Opens the feed.</summary>
    /// <param name="after">The last known event; null to begin now.</param>
    /// <param name="categories">The families of events to receive.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <exception cref="FeedLostException">The feed cannot be opened.</exception>
    Task<Stream> OpenAsync(EventId? after, IReadOnlyCollection<EventCategory> categories, CancellationToken cancellation);

    /// <summary>Opens the feed of the whole fleet: <c>GET /fleet</c>.</summary>
    /// <param name="after">The last known change; null to begin now.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <exception cref="FeedLostException">The feed cannot be opened.</exception>
    Task<Stream> OpenFleetAsync(EventId? after, CancellationToken cancellation);

    /// <summary>The body of <c>GET /state</c>.</summary>
    /// <exception cref="HttpRequestException">The state cannot be read.</exception>
    Task<byte[]> ReadStateAsync(CancellationToken cancellation);
}

/// <summary>A feed cannot be opened, or was lost.</summary>
internal sealed class FeedLostException(FeedLoss reason, string detail) : Exception(detail)
{
    public FeedLoss Reason => reason;
}
