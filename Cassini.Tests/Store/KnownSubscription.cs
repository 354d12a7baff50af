using Cassini.Streams.Mqtt;

namespace Cassini.Tests.Store;

/// <summary>A subscription that a client has asked for once; asking again makes another.</summary>
internal sealed class KnownSubscription
{
    public required SimulatedClient Client { get; init; }

    /// <summary>The topic that it matches.</summary>
    public required string Topic { get; init; }

    public required bool IsShared { get; init; }

    public required QualityOfService QoS { get; init; }

    /// <summary>Whether it asks for what is retained.</summary>
    public bool GetsRetained { get; init; }

    /// <summary>What must come because it is retained, or a newer one; null when nothing must.</summary>
    public SentMessage? Retained { get; set; }

    public bool IsAcknowledged { get; set; }

    /// <summary>The client has asked to end it, or its session has ended: nothing is owed to it any more.</summary>
    public bool HasEnded { get; set; }

    public string Filter => IsShared ? $"$share/g/{Topic}" : Topic;
}
