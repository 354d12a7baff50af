using Cassini.Streams.Mqtt;

namespace Cassini.Tests.Store;

/// <summary>The will of a connection that was accepted.</summary>
internal sealed class WillPromise
{
    public required string Text { get; init; }

    public required TimeSpan Delay { get; init; }

    public required QualityOfService QoS { get; init; }

    /// <summary>Who subscribed to it before it was accepted.</summary>
    public required KnownSubscription[] Owed { get; init; }

    /// <summary>When its connection was lost; null while it is not.</summary>
    public DateTimeOffset? LostAt { get; set; }

    /// <summary>Whether it must be published.</summary>
    public bool IsDue { get; set; }
}
