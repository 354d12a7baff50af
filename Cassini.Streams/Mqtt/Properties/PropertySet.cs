using System.Collections.Immutable;

namespace Cassini.Streams.Mqtt.Properties;

/// <summary>The properties of one packet. Null means absent; <see cref="Empty"/> is shared by all packets without any.</summary>
internal sealed record PropertySet
{
    public static readonly PropertySet Empty = new();

    public byte? PayloadFormatIndicator { get; init; }

    /// <summary>Seconds.</summary>
    public uint? MessageExpiryInterval { get; init; }

    public string? ContentType { get; init; }

    public string? ResponseTopic { get; init; }

    public ImmutableArray<byte>? CorrelationData { get; init; }

    /// <summary>SUBSCRIBE has at most one; a PUBLISH from a server may have several.</summary>
    public ImmutableArray<int> SubscriptionIdentifiers { get; init; } = [];

    /// <summary>Seconds; <see cref="uint.MaxValue"/> means never.</summary>
    public uint? SessionExpiryInterval { get; init; }

    public string? AssignedClientIdentifier { get; init; }

    /// <summary>Seconds.</summary>
    public ushort? ServerKeepAlive { get; init; }

    public string? AuthenticationMethod { get; init; }

    public ImmutableArray<byte>? AuthenticationData { get; init; }

    public bool? RequestProblemInformation { get; init; }

    /// <summary>Seconds.</summary>
    public uint? WillDelayInterval { get; init; }

    public bool? RequestResponseInformation { get; init; }

    public string? ResponseInformation { get; init; }

    public string? ServerReference { get; init; }

    public string? ReasonString { get; init; }

    public ushort? ReceiveMaximum { get; init; }

    public ushort? TopicAliasMaximum { get; init; }

    public ushort? TopicAlias { get; init; }

    public byte? MaximumQoS { get; init; }

    public bool? RetainAvailable { get; init; }

    public ImmutableArray<UserProperty> UserProperties { get; init; } = [];

    /// <summary>Bytes.</summary>
    public uint? MaximumPacketSize { get; init; }

    public bool? WildcardSubscriptionAvailable { get; init; }

    public bool? SubscriptionIdentifierAvailable { get; init; }

    public bool? SharedSubscriptionAvailable { get; init; }
}
