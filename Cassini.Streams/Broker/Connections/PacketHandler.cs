using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Broker.Connections;

/// <summary>
/// Handles the packets of one connected client, batch by batch, without waiting for anything. The answers gather; the reader sends them
/// at the end of the batch.
/// </summary>
internal sealed class PacketHandler(
    BrokerOptions options,
    TimeProvider time,
    ClientLink link,
    Client client,
    Admission admission,
    PublishHandler publish,
    SubscribeHandler subscribe)
{
    private readonly AnswerBuffer _answers = new();
    private readonly ProtocolVersion _version = link.Version;

    /// <summary>Whether something waits for <see cref="SendAnswers"/>.</summary>
    public bool HasAnswers => !_answers.IsEmpty;

    /// <summary>Whether a message is under way to its subscribers: it must come to all of them.</summary>
    public bool IsDelivering => publish.IsUnderWay;

    /// <summary>What the reader waits for when <see cref="Handle"/> says so.</summary>
    public Admission Admission { get; } = admission;

    /// <summary>Handles every packet that was received in full, as far as one slice of work allows.</summary>
    /// <param name="input">What was received.</param>
    /// <param name="needed">How long the next packet will be, which was received in part; 0 when unknown.</param>
    public Step Handle(ReceiveBuffer input, out int needed)
    {
        var now = time.GetTimestamp();
        var read = default(Traffic);
        var step = Step.ReadOn;
        var isHurried = SocketThread.IsCurrent;
        var slice = new WorkSlice(time, now, isHurried);
        var wasDelivering = IsDelivering;
        Admission.BeginBatch();
        var rest = input.Unread;
        var length = rest.Length;
        needed = 0;
        var status = FrameStatus.Complete;
        while (step == Step.ReadOn)
        {
            status = FrameReader.Read(rest, options.MaxPacketSize, _version, out var frame, out needed, out var violation);
            if (status == FrameStatus.Incomplete)
            {
                break;
            }

            // After a message that took several slices it is asked whether anyone still waits for the next packet.
            if (slice.IsOver || (wasDelivering && read.Packets > 0)
                || (isHurried && status == FrameStatus.Complete && MayTakeLong(frame.Type)))
            {
                step = Step.GoOn;
                break;
            }

            var payload = 0;
            step = status == FrameStatus.Violation ? Violated(violation)
                : frame.Type == PacketType.Publish ? OnPublish(frame, now, ref slice, out payload)
                : OnOther(frame, ref slice);
            if (step is Step.ReadOn)
            {
                slice.Take(1);
                rest = rest[frame.Whole.Length..];
                read.Packets++;
                read.Messages += frame.Type == PacketType.Publish ? 1 : 0;
                read.Payload += payload;
            }
        }

        read.Bytes = length - rest.Length;
        input.Advance(length - rest.Length);
        if (step == Step.GoOn || read.Packets > 0)
        {
            // While its packets are handled it is not silent.
            link.Touch(now);
            link.Counters.AddReceived(read);
        }

        if (status == FrameStatus.Incomplete && !rest.IsEmpty)
        {
            link.Unfinished.Note(needed, now, isNew: read.Packets > 0);
        }
        else
        {
            link.Unfinished.Clear();
        }

        if (step != Step.GoOn)
        {
            Admission.EndBatch();
        }

        return step;
    }

    /// <summary>The connection is over.</summary>
    /// <param name="failure">What ended it; null when nothing failed.</param>
    public Task LeaveAsync(Exception? failure)
    {
        publish.Clear();
        return client.LeaveAsync(failure);
    }

    /// <summary>Sends what was retained for new subscriptions.</summary>
    public void SendRetained() => subscribe.SendRetained();

    /// <summary>Whether <see cref="SendRetained"/> has something to do.</summary>
    public bool HasRetained => subscribe.HasRetained;

    /// <summary>Sends the answers, as soon as what they acknowledge is durable.</summary>
    /// <param name="ticket">Its ticket.</param>
    /// <param name="elsewhere">What they wait for on other nodes; null for nothing.</param>
    public void SendAnswers(long ticket, AwaitList? elsewhere)
    {
        link.Answers.Send(_answers.Written, _answers.Count, ticket, elsewhere, link.Flushes);
        _answers.Clear();
    }

    /// <summary>Whether a packet is more work than one message: it is for the thread pool.</summary>
    private static bool MayTakeLong(PacketType type) =>
        type is PacketType.Subscribe or PacketType.Unsubscribe or PacketType.Disconnect or PacketType.Auth;

    private Step OnPublish(Frame frame, long now, ref WorkSlice slice, out int payload)
    {
        if (!PublishPacket.TryRead(frame, _version, fromClient: true, out var packet, out var violation))
        {
            payload = 0;
            return Violated(violation);
        }

        payload = packet.Payload.Length;
        var verdict = publish.IsUnderWay ? AdmissionVerdict.Take : Admission.Admit(packet, now);
        switch (verdict)
        {
            case AdmissionVerdict.Ignore:
                // A client keeps a message that is not acknowledged and publishes it again elsewhere; one of QoS 0 is lost.
                if (packet.QoS == QualityOfService.AtMostOnce)
                {
                    link.Counters.AddDropped(packet.QoS);
                }

                return Step.ReadOn;
            case AdmissionVerdict.AwaitMemory:
                return Step.AwaitMemory;
            case AdmissionVerdict.AwaitRate:
                return Step.AwaitRate;
            default:
                return publish.Handle(ref packet, frame, now, refuse: verdict == AdmissionVerdict.Refuse, _answers, ref slice) is { } order
                    ? Close(order)
                    : publish.IsUnderWay ? Step.GoOn : Step.ReadOn;
        }
    }

    private Step OnOther(Frame frame, ref WorkSlice slice)
    {
        switch (frame.Type)
        {
            case PacketType.PubAck or PacketType.PubRec or PacketType.PubComp or PacketType.PubRel:
                if (!AckPacket.TryRead(frame, _version, out var ack, out var violation))
                {
                    return Violated(violation);
                }

                return OnAck(ack);

            case PacketType.Subscribe or PacketType.Unsubscribe when subscribe.IsUnderWay:
                return Subscribe(ref slice);

            case PacketType.Subscribe:
                if (!SubscribePacket.TryRead(frame, _version, options.MaxSubscriptions, out var wanted, out violation))
                {
                    return Violated(violation);
                }

                if (!MayAnswer(PacketType.SubAck, wanted.Requests.Length))
                {
                    return Step.Close;
                }

                subscribe.Begin(wanted);
                return Subscribe(ref slice);

            case PacketType.Unsubscribe:
                if (!UnsubscribePacket.TryRead(frame, _version, options.MaxSubscriptions, out var unwanted, out violation))
                {
                    return Violated(violation);
                }

                if (!MayAnswer(PacketType.UnsubAck, unwanted.Filters.Length))
                {
                    return Step.Close;
                }

                subscribe.Begin(unwanted);
                return Subscribe(ref slice);

            case PacketType.PingReq:
                // It acknowledges nothing, so it waits for nothing.
                link.Outbox.Append([(byte)PacketType.PingResp << 4, 0], link.Flushes);
                return Step.ReadOn;

            case PacketType.Disconnect:
                return ReasonPacket.TryRead(frame, _version, out var disconnect, out violation)
                    ? OnDisconnect(disconnect)
                    : Violated(violation);

            case PacketType.Connect:
                return Violated(ProtocolViolation.Error("MQTT-3.1.0-2", "a second CONNECT"));

            case PacketType.Auth:
                // Only a client that connected with an authentication method may (§4.12.1), and none can.
                return Violated(ProtocolViolation.Error("MQTT-4.12.1-1", "AUTH without an authentication method"));

            default:
                return Violated(ProtocolViolation.Error("§2.1.2", $"{frame.Type} is sent by servers only"));
        }
    }

    private Step Subscribe(ref WorkSlice slice) => subscribe.GoOn(ref slice) is { } answer ? Answer(answer) : Step.GoOn;

    private Step OnAck(AckPacket ack)
    {
        if (ack.Type != PacketType.PubRel)
        {
            return client.Session.Deliveries.Acknowledge(ack, client.Attachment, link.Flushes) is { } violation
                ? Violated(violation)
                : Step.ReadOn;
        }

        var reason = client.Session.Received.Remove(ack.PacketId, client.Attachment)
            ? ReasonCode.Success
            : ReasonCode.PacketIdentifierNotFound;
        var size = new AckPacket(PacketType.PubComp, ack.PacketId, reason).Write(_answers.GetSpan(AckPacket.MaxSize), _version);
        _answers.Advance(size);
        return Step.ReadOn;
    }

    private Step OnDisconnect(ReasonPacket packet)
    {
        if (packet.Properties.SessionExpiryInterval is { } expiry)
        {
            if (client.RequestedExpiry == 0 && expiry != 0)
            {
                return Violated(ProtocolViolation.Error("MQTT-3.14.2-2", "a session that was to end with its connection cannot be kept"));
            }

            client.NewExpiry = Math.Min(expiry, (uint)options.MaxSessionExpiry.TotalSeconds);
        }

        if (packet.Reason == ReasonCode.Success)
        {
            client.Attachment.DiscardWill();
        }

        return Step.Close;
    }

    /// <summary>
    /// Closes a connection whose client asks about more filters in one packet than it accepts an answer to [MQTT-3.1.2-24]: an answer that
    /// is left out would make it wait for ever. Every other answer is smaller than the CONNACK that the client accepted.
    /// </summary>
    private bool MayAnswer(PacketType answer, int filters)
    {
        var size = SubAckPacket.SizeOf(answer, filters, _version);
        if (link.Accepts(size))
        {
            return true;
        }

        Violated(new ProtocolViolation(
            ReasonCode.PacketTooLarge, "MQTT-3.1.2-24", $"an {answer} of {size:N0} bytes is larger than the client accepts"));
        return false;
    }

    private Step Answer(ReadOnlySpan<byte> packet)
    {
        _answers.Add(packet);
        return Step.ReadOn;
    }

    private Step Violated(ProtocolViolation violation)
    {
        link.Connection.Close(violation);
        return Step.Close;
    }

    private Step Close(CloseOrder order)
    {
        if (order.CloseReason == CloseReason.ProtocolError)
        {
            return Violated(new ProtocolViolation(order.Reason, order.Clause, order.Detail));
        }

        link.Close(order);
        return Step.Close;
    }
}
