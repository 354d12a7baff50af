using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Model;

/// <summary>One copy of a message for one session.</summary>
/// <param name="Message">The message, shared by all copies.</param>
/// <param name="QoS">What it is delivered with: the lower of published and granted.</param>
/// <param name="Retain">The RETAIN flag to send.</param>
/// <param name="Identifiers">Subscription identifiers to send along.</param>
/// <param name="Sequence">1, 2, 3 … within the session: its name in the store.</param>
/// <param name="Span">Its delivery, until it is acknowledged; null when it is not traced.</param>
internal readonly record struct QueuedMessage(
    StoredMessage Message, QualityOfService QoS, bool Retain, int[] Identifiers, long Sequence, MessageSpan? Span = null);
