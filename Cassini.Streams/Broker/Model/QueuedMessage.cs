using Cassini.Streams.Broker.Tracing;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Model;

/// <summary>One copy of a message for one session.</summary>
/// <param name="Message">The message, shared by all copies.</param>
/// <param name="QoS">The quality of service of the delivery: the lower of the published and the granted one.</param>
/// <param name="Retain">The RETAIN flag to send.</param>
/// <param name="Identifiers">Subscription identifiers to send with it.</param>
/// <param name="Sequence">1, 2, 3 … within the session: its key in the store.</param>
/// <param name="Span">The span of its delivery until the acknowledgement; null when it is not traced.</param>
/// <param name="Share">The filter of the shared subscription that it is for; null when that is not shared.</param>
/// <param name="IsOfBurst">Whether it is of the retained messages for a new subscription.</param>
internal readonly record struct QueuedMessage(
    StoredMessage Message,
    QualityOfService QoS,
    bool Retain,
    int[] Identifiers,
    long Sequence,
    MessageSpan? Span = null,
    string? Share = null,
    bool IsOfBurst = false)
{
    /// <summary>The bytes of its slots in the queue, the window and the store.</summary>
    private const int Slots = 160;

    /// <summary>About what the span of a delivery takes, in bytes.</summary>
    private const int CostOfSpan = 700;

    /// <summary>Whether it waits for a client that is away: the rest of its burst, which may be of QoS 0, does.</summary>
    public bool OutlivesConnection => QoS != QualityOfService.AtMostOnce || IsOfBurst;

    /// <summary>The bytes that a copy takes in addition to the shared message.</summary>
    private int Cost => Slots + (sizeof(int) * Identifiers.Length) + (Span is null ? 0 : CostOfSpan);

    /// <summary>Counts the copy until it is released.</summary>
    /// <param name="tally">What its queue has.</param>
    public void Hold(MemoryTally tally) => Message.Hold(tally, Cost);

    /// <summary>Releases the copy after it was delivered or dropped.</summary>
    /// <param name="tally">What its queue has.</param>
    /// <param name="error">Why it was not delivered; null when it was.</param>
    public void Release(MemoryTally tally, string? error = null)
    {
        Message.Release(tally, Cost);
        Span?.End(error);
    }
}
