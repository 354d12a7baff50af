using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Model;

/// <summary>A subscription that matches a topic.</summary>
/// <param name="ClientId">The client identifier; null for an observer within the process.</param>
/// <param name="Identity">The client's identity; null for an observer within the process.</param>
/// <param name="Filter">The filter, with <c>$share/NAME/</c> if it is shared.</param>
/// <param name="QoS">The highest quality of service that was granted.</param>
/// <param name="IsConnected">Whether the client is connected.</param>
public sealed record SubscriptionInfo(string? ClientId, string? Identity, string Filter, QualityOfService QoS, bool IsConnected)
{
    /// <summary>Whether it leaves out the messages that its own client publishes.</summary>
    public bool NoLocal { get; init; }

    /// <summary>Whether its messages keep the RETAIN flag with which they were published.</summary>
    public bool RetainAsPublished { get; init; }
}
