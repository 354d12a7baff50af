using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Store.Maintenance;

/// <summary>A record as it stands in a group. What its type does not have is null.</summary>
/// <param name="Type">What it says.</param>
internal sealed record JournalRecord(RecordType Type)
{
    /// <summary>The number of the session.</summary>
    public uint? Session { get; init; }

    public string? ClientId { get; init; }

    public string? Identity { get; init; }

    public uint? ExpirySeconds { get; init; }

    public bool? IsConnected { get; init; }

    /// <summary>UTC: of a presence, and when a message expires.</summary>
    public DateTimeOffset? At { get; init; }

    public SubscriptionRecord? Subscription { get; init; }

    public string? Filter { get; init; }

    /// <summary>Sequence number of a copy, or of the first in a range.</summary>
    public long? Sequence { get; init; }

    /// <summary>How many there are in a range.</summary>
    public int? Count { get; init; }

    /// <summary>Packet identifier, or the first in a range.</summary>
    public ushort? PacketId { get; init; }

    public DeliveryState? State { get; init; }

    /// <summary>Of a copy: the place of its message among the bodies of the group.</summary>
    public int? Body { get; init; }

    public IReadOnlyList<int> Identifiers { get; init; } = [];

    /// <summary>The filter of the shared subscription that a copy is for.</summary>
    public string? Share { get; init; }

    public bool IsOfBurst { get; init; }

    public string? Topic { get; init; }

    public byte[]? Payload { get; init; }

    /// <summary>Encoded properties, without their length.</summary>
    public byte[]? Properties { get; init; }

    public QualityOfService? QoS { get; init; }

    public bool Retain { get; init; }

    /// <summary>Of a fleet: that of the record before, or up to which removed messages are not kept.</summary>
    public RetainedStamp? Stamp { get; init; }

    /// <summary>The number of a will.</summary>
    public long? Will { get; init; }

    /// <summary>Of a will: message expiry interval in seconds.</summary>
    public uint? Expiry { get; init; }

    /// <summary>Of a will: its delay in seconds.</summary>
    public uint? Delay { get; init; }
}
