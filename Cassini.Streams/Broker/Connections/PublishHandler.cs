using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Broker.Tracing;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;

namespace Cassini.Streams.Broker.Connections;

/// <summary>Handles PUBLISH packets (MQTT 5.0 §3.3). For the connection's reader.</summary>
internal sealed class PublishHandler(
    BrokerOptions options,
    TopicCache topics,
    Router router,
    IBrokerStore store,
    MessageTracer tracer,
    BrokerEvents events,
    Func<ResourceUse?> retainedUse,
    ClientLink link,
    Client client)
{
    private const int Scratch = 1024;

    private readonly ProtocolVersion _version = link.Version;
    private IncomingAliases? _aliases;
    private PublishUnderWay? _underWay;

    /// <summary>Whether the last message is not delivered to all its subscribers yet: then it must be handled once more.</summary>
    public bool IsUnderWay => _underWay is not null;

    /// <summary>Handles one message, or goes on with the one that is under way.</summary>
    /// <param name="packet">What the packet says.</param>
    /// <param name="frame">The packet itself.</param>
    /// <param name="now">When it was received: a timestamp.</param>
    /// <param name="refuse">Whether there is no memory for it. That the store cannot keep it is found out here.</param>
    /// <param name="answers">Where the acknowledgement goes, once every subscriber has its copy.</param>
    /// <param name="slice">How much may be done.</param>
    /// <returns>Why the connection must end; null when it goes on.</returns>
    public CloseOrder? Handle(ref PublishPacket packet, Frame frame, long now, bool refuse, AnswerBuffer answers, ref WorkSlice slice)
    {
        if (_underWay is not null)
        {
            GoOn(ref packet, frame, answers, ref slice);
            return null;
        }

        if (Resolve(ref packet, out var topic) is { } order)
        {
            return order;
        }

        if (refuse && !IsRepeated(packet))
        {
            return Refused(ref packet, CloseReason.OutOfMemory, answers);
        }

        if (topic.Topic is null)
        {
            return Denied(ref packet, topic, answers);
        }

        if (store.Refusal is not null && NeedsStore(packet, topic.Topic, ref slice) && !IsRepeated(packet))
        {
            return Refused(ref packet, CloseReason.StoreUnavailable, answers);
        }

        if (packet.QoS == QualityOfService.ExactlyOnce)
        {
            switch (client.Session.Received.Add(packet.PacketId, options.ReceiveMaximum, client.Attachment))
            {
                case ReceiveVerdict.TooMany when _version < ProtocolVersion.V500:
                    // It was not told how many it may have: that is no violation.
                    return new CloseOrder(ReasonCode.ServerBusy, CloseReason.OutOfMemory);
                case ReceiveVerdict.TooMany:
                    return new CloseOrder(
                        ReasonCode.ReceiveMaximumExceeded,
                        CloseReason.ProtocolError,
                        $"more than {options.ReceiveMaximum:N0} QoS 2 messages in flight",
                        "MQTT-3.3.4-7");
                case ReceiveVerdict.TakenOver:
                    return new CloseOrder(ReasonCode.SessionTakenOver, CloseReason.TakenOver);
                case ReceiveVerdict.Repeated:
                    // It was received before, and delivered then [MQTT-4.3.3-10].
                    Acknowledge(ref packet, ReasonCode.Success, answers);
                    return null;
            }
        }

        var progress = default(RouteProgress);
        using var unit = BeginUnit(packet);
        if (Route(ref packet, frame, topic.Topic, now, ref progress, ref slice))
        {
            Complete(ref packet, topic.Topic, progress, answers);
        }

        return null;
    }

    /// <summary>The client is gone.</summary>
    public void Clear()
    {
        _aliases?.Clear();
        topics.Clear();
    }

    /// <summary>Goes on with the delivery of the message that is under way: everything else was done before.</summary>
    private void GoOn(ref PublishPacket packet, Frame frame, AnswerBuffer answers, ref WorkSlice slice)
    {
        var (topic, receivedAt, _, _, progress, _) = _underWay!;
        using var unit = BeginUnit(packet);
        if (Route(ref packet, frame, topic, receivedAt, ref progress, ref slice))
        {
            _underWay = null;
            Complete(ref packet, topic, progress, answers);
        }
    }

    /// <summary>
    /// The copies of a QoS 2 message and the note that it was received become durable together: after a crash between the two it would be
    /// delivered twice, or not to all. One that takes several slices is an exception: it may be delivered twice.
    /// </summary>
    private StoreUnit BeginUnit(in PublishPacket packet) =>
        packet.QoS == QualityOfService.ExactlyOnce && client.Session.KeepsMessages ? store.BeginUnit() : default;

    private void Complete(ref PublishPacket packet, Topic topic, in RouteProgress progress, AnswerBuffer answers)
    {
        if (!progress.IsRetainedAsAsked)
        {
            // It was delivered, so the client must not send it again: that it was not retained is reported to the operator only.
            Report("retain", topic.Name, "there is no room for one more retained message");
            events.PublishIfReached(CapacityResource.Retained, retainedUse);
        }

        if (packet.QoS == QualityOfService.ExactlyOnce)
        {
            client.Session.Received.Keep(packet.PacketId);
        }

        if (packet.QoS != QualityOfService.AtMostOnce)
        {
            Acknowledge(ref packet, progress.HasSubscribers ? ReasonCode.Success : ReasonCode.NoMatchingSubscribers, answers);
        }
    }

    /// <returns>Whether every subscriber has its copy; if not, the message is under way.</returns>
    private bool Route(
        ref PublishPacket packet, Frame frame, Topic topic, long receivedAt, ref RouteProgress progress, ref WorkSlice slice)
    {
        // The usual packet is forwarded as it is; one with properties of this hop is written anew.
        var properties = packet.MessagePropertiesLength;
        Span<byte> scratch = properties == packet.Properties.Length || properties == 0 ? default
            : packet.Properties.Length <= Scratch ? stackalloc byte[Scratch]
            : new byte[packet.Properties.Length];
        var travelling = packet.MessageProperties(scratch);
        var trace = _underWay is not null ? _underWay.Trace
            : tracer.IsOn && !client.IsProbe ? tracer.Begin(travelling, topic.Name, client.Session.ClientId, packet, _version)
            : null;
        var isUnchanged = trace is null && packet.QoS == QualityOfService.AtMostOnce
            && properties == packet.Properties.Length && frame.IsShortest;
        var publication = new Publication
        {
            Topic = topic,
            Payload = packet.Payload,
            Properties = trace is null ? travelling : trace.Properties,
            Expiry = packet.MessageExpiryInterval,
            QoS = packet.QoS,
            Retain = packet.Retain,
            Publisher = client.Session,
            Account = client.Session.Account,
            ReceivedAt = receivedAt,
            Stored = _underWay?.Stored,
            Origin = _underWay?.Origin ?? 0,
            Trace = trace,
            Frame = isUnchanged ? frame.Whole : default,
            FrameVersion = _version,
        };
        if (!router.Publish(ref publication, ref progress, ref slice, link.Flushes))
        {
            _underWay = new PublishUnderWay(topic, receivedAt, trace, publication.Stored, progress, publication.KnownOrigin);
            return false;
        }

        trace?.End();
        return true;
    }

    /// <summary>Finds the topic by its name or its alias.</summary>
    private CloseOrder? Resolve(ref PublishPacket packet, out CachedTopic topic)
    {
        if (packet.TopicAlias is not { } alias)
        {
            topic = topics.Get(packet.Topic);
            return null;
        }

        _aliases ??= new IncomingAliases(options.MaxTopicAliases, topics, link.Connection.Memory);
        return _aliases.Resolve(packet, alias, out topic);
    }

    private CloseOrder? Denied(ref PublishPacket packet, CachedTopic topic, AnswerBuffer answers)
    {
        var reason = topic.Verdict == TopicVerdict.Denied ? ReasonCode.NotAuthorized : ReasonCode.TopicNameInvalid;
        link.Counters.AddDenied();
        var name = packet.Topic.IsEmpty && packet.TopicAlias is { } alias ? _aliases!.NameOf(alias) : packet.Topic;
        Report("publish", MqttText.Decode(name), topic.Problem);

        // MQTT 3.1.1 has no code for it: the message is acknowledged and not delivered [MQTT-3.3.5-2].
        if (packet.QoS != QualityOfService.AtMostOnce)
        {
            Acknowledge(ref packet, reason, answers);
        }

        return null;
    }

    private void Report(string action, string topic, string? detail) =>
        events.PublishLimited(client.Denied(action, topic, detail), client.Identity, action);

    /// <summary>Whether it was received before, so that it only needs its answer.</summary>
    private bool IsRepeated(in PublishPacket packet) =>
        packet.QoS == QualityOfService.ExactlyOnce && client.Session.Received.Contains(packet.PacketId);

    /// <summary>Whether anything of it would have to outlive the process.</summary>
    private bool NeedsStore(in PublishPacket packet, Topic topic, ref WorkSlice slice) =>
        (packet.Retain && !packet.Payload.IsEmpty)
        || (packet.QoS == QualityOfService.ExactlyOnce && client.Session.KeepsMessages)
        || (packet.QoS != QualityOfService.AtMostOnce && router.HasKeepers(topic, ref slice));

    private CloseOrder? Refused(ref PublishPacket packet, CloseReason reason, AnswerBuffer answers)
    {
        link.Counters.AddRefused();
        if (packet.QoS == QualityOfService.AtMostOnce)
        {
            return null;
        }

        if (_version < ProtocolVersion.V500)
        {
            // MQTT 3.1.1 has no code for it; without an acknowledgement the client publishes again on its next connection.
            return new CloseOrder(ReasonCode.ServerBusy, reason);
        }

        Acknowledge(ref packet, ReasonCode.QuotaExceeded, answers);
        return null;
    }

    private void Acknowledge(ref PublishPacket packet, ReasonCode reason, AnswerBuffer answers)
    {
        var type = packet.QoS == QualityOfService.AtLeastOnce ? PacketType.PubAck : PacketType.PubRec;
        if (type == PacketType.PubRec && reason >= ReasonCode.UnspecifiedError && _version == ProtocolVersion.V500)
        {
            // No PUBREL will come (§4.3.3).
            client.Session.Received.Remove(packet.PacketId, client.Attachment);
        }

        answers.Advance(new AckPacket(type, packet.PacketId, reason).Write(answers.GetSpan(AckPacket.MaxSize), _version));
    }
}
