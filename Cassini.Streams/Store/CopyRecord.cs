using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Store;

/// <summary>What a record of a copy says, but for its session.</summary>
/// <param name="Sequence">Its sequence number.</param>
/// <param name="Body">The place of its message among the bodies of the group.</param>
/// <param name="Flags">The rest.</param>
/// <param name="Identifiers">Subscription identifiers.</param>
/// <param name="Share">The filter of the shared subscription that it is for; null when that is not shared.</param>
/// <param name="PacketId">The packet identifier of its delivery; 0 when it was not sent.</param>
/// <param name="State">How far its delivery has come.</param>
internal readonly record struct CopyRecord(
    long Sequence, int Body, CopyFlags Flags, int[] Identifiers, string? Share, ushort PacketId, DeliveryState State)
{
    /// <summary>The copy that it is.</summary>
    /// <param name="message">Its message.</param>
    public QueuedMessage ToQueued(StoredMessage message) => new(
        message, (QualityOfService)(Flags & CopyFlags.QoS), Flags.HasFlag(CopyFlags.Retain), Identifiers, Sequence, Share: Share,
        IsOfBurst: Flags.HasFlag(CopyFlags.IsOfBurst));
}
