using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Delivery;

/// <summary>What a session has not finished, oldest first.</summary>
/// <param name="Sent">What it had not acknowledged.</param>
/// <param name="Waiting">What was not sent yet and is in memory.</param>
/// <param name="Stored">What follows, and is in the store alone; null for nothing.</param>
/// <param name="Last">What follows that, and is in memory.</param>
internal sealed record LeftMessages(
    IReadOnlyCollection<QueuedMessage> Sent,
    IReadOnlyCollection<QueuedMessage> Waiting,
    StoredBacklog? Stored,
    IReadOnlyCollection<QueuedMessage> Last)
{
    public static readonly LeftMessages None = new([], [], null, []);

    /// <summary>
    /// What other members of its shared subscriptions may get: not what was sent with QoS 2 [MQTT-4.8.2-5]. What is in the store is there
    /// whole when any of it is for them.
    /// </summary>
    public LeftMessages OfShares()
    {
        var first = Sent.Where(queued => queued.QoS == QualityOfService.AtLeastOnce).Concat(Waiting);
        return Stored is { Shared: > 0 }
            ? new LeftMessages([], [.. first.Where(IsOfShare)], Stored, [.. Last.Where(IsOfShare)])
            : new LeftMessages([], [.. first.Concat(Last).Where(IsOfShare)], null, []);
    }

    /// <summary>How many they are; of those in the store only what is for members of shared subscriptions.</summary>
    public int Count => Sent.Count + Waiting.Count + (Stored?.Shared ?? 0) + Last.Count;

    private static bool IsOfShare(QueuedMessage queued) => queued.Share is not null;
}
