using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;

namespace Cassini.Streams.Broker.Outgoing;

/// <summary>
/// One copy of a message as a PUBLISH packet for one client. If the packet is larger than the client accepts, it is tried without what
/// the broker added to it: first without introducing a topic alias, then without the trace context. Costs no allocation.
/// </summary>
internal ref struct OutgoingMessage
{
    private readonly Topic _topic;
    private readonly byte[]? _untraced;
    private readonly StoredMessage? _stored;
    private PublishWriter _writer;
    private bool _introducesAlias;

    /// <summary>A QoS 0 copy of a message that is just being published.</summary>
    public OutgoingMessage(in Publication message, Subscription subscription)
    {
        _topic = message.Topic;
        _untraced = message.Trace?.Untraced;
        _writer = new PublishWriter
        {
            Payload = message.Payload,
            MessageProperties = message.Properties,
            MessageExpiryInterval = message.Expiry,
            SubscriptionIdentifiers = subscription.Identifiers,
            Retain = message.Retain && subscription.RetainAsPublished,
        };
    }

    /// <summary>A copy of a message that was stored.</summary>
    /// <param name="queued">The message.</param>
    /// <param name="secondsLeft">What is left of its expiry interval, in seconds; null when it does not expire.</param>
    /// <param name="packetId">Its packet identifier; 0 for QoS 0.</param>
    /// <param name="dup">Whether it was sent before.</param>
    public OutgoingMessage(in QueuedMessage queued, uint? secondsLeft, ushort packetId = 0, bool dup = false)
    {
        _topic = queued.Message.Topic;
        _untraced = queued.Message.Untraced;
        _stored = queued.Message;
        _writer = new PublishWriter
        {
            Payload = queued.Message.Payload,
            MessageProperties = queued.Message.Properties,
            MessageExpiryInterval = secondsLeft,
            SubscriptionIdentifiers = queued.Identifiers,
            QoS = queued.QoS,
            Retain = queued.Retain,
            PacketId = packetId,
            Dup = dup,
        };
    }

    public readonly QualityOfService QoS => _writer.QoS;

    public readonly int PayloadLength => _writer.Payload.Length;

    /// <summary>The message if its payload is so large that it is not to be copied; else null.</summary>
    public readonly StoredMessage? Shareable => PayloadLength >= OutboxBuffer.FullSegment ? _stored : null;

    /// <summary>Whether the smallest form of a message may fit; not if a client never accepts it, whatever its subscription.</summary>
    /// <param name="message">The message.</param>
    /// <param name="limits">What the client accepts.</param>
    public static bool MayFit(StoredMessage message, OutboxLimits limits)
    {
        var hasAlias = limits.TopicAliases > 0;
        var smallest = new PublishWriter
        {
            Payload = message.Payload,
            MessageProperties = message.Untraced ?? message.Properties,
            TopicAlias = (ushort)(hasAlias ? 1 : 0),
            Topic = hasAlias ? default : message.Topic.Utf8,
        };
        return smallest.Measure(limits.Version) <= limits.MaxPacketSize;
    }

    /// <summary>
    /// Chooses the form that the client accepts. The outbox's lock is held, because a client must learn an alias before it is used.
    /// </summary>
    /// <param name="limits">What it accepts.</param>
    /// <param name="aliases">The topic aliases of its connection; null for none.</param>
    /// <param name="size">How many bytes <see cref="Write"/> takes.</param>
    /// <returns>False when no form is small enough.</returns>
    public bool TryFit(OutboxLimits limits, TopicAliases? aliases, out int size)
    {
        if (TryFitTopic(limits, aliases, out size))
        {
            return true;
        }

        if (_untraced is null)
        {
            return false;
        }

        // A trace of the broker's must not cost the client the message.
        _writer.MessageProperties = _untraced;
        return TryFitTopic(limits, aliases, out size);
    }

    /// <summary>Undoes what <see cref="TryFit"/> did to the aliases, because the packet is not sent.</summary>
    public readonly void TakeBackAlias(TopicAliases? aliases)
    {
        if (_introducesAlias)
        {
            aliases!.TakeBack(_topic);
        }
    }

    /// <summary>Writes the form that fits.</summary>
    public readonly void Write(Span<byte> to, ProtocolVersion version) => _writer.Write(to, version);

    /// <summary>Writes the form that fits without its payload, which follows.</summary>
    public readonly void WriteHead(Span<byte> to, ProtocolVersion version) => _writer.WriteHead(to, version);

    private bool TryFitTopic(OutboxLimits limits, TopicAliases? aliases, out int size)
    {
        _introducesAlias = false;
        _writer.TopicAlias = aliases?.For(_topic, out _introducesAlias) ?? 0;
        _writer.Topic = _writer.TopicAlias == 0 || _introducesAlias ? _topic.Utf8 : default;
        size = _writer.Measure(limits.Version);
        if (size > limits.MaxPacketSize && _introducesAlias)
        {
            TakeBackAlias(aliases);
            _introducesAlias = false;
            _writer.TopicAlias = 0;
            size = _writer.Measure(limits.Version);
        }

        return size <= limits.MaxPacketSize;
    }
}
