using System.Collections.Immutable;
using System.Text;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>
/// A client that does what the test says and nothing by itself: it reads only when something is expected, and acknowledges only
/// when told to.
/// </summary>
internal sealed class MqttTestClient(Stream stream, ProtocolVersion version) : IAsyncDisposable
{
    private byte[] _buffer = new byte[4096];
    private int _end;
    private ushort _packetId;
    private Task<int>? _reading;

    public ProtocolVersion Version => version;

    public Stream Stream => stream;

    /// <summary>A CONNECT of this client's version, clean and with no keep alive.</summary>
    public ConnectPacket Connect(string clientId) => new() { Version = version, ClientId = clientId, CleanStart = true };

    public async Task SendAsync(params ReadOnlyMemory<byte>[] packets)
    {
        // In one piece, as a client does that is in a hurry.
        var together = packets.Length == 1 ? packets[0] : packets.SelectMany(packet => packet.ToArray()).ToArray();
        await Eventually.CompletesAsync(
            "the client's packets leave", stream.WriteAsync(together, TestContext.Current.CancellationToken).AsTask());
    }

    /// <summary>Connects, and fails unless the broker agrees.</summary>
    public async Task<ConnAckPacket> ConnectAsync(ConnectPacket connect)
    {
        await SendAsync(ConnectWriter.Write(connect));
        var answer = await ExpectAsync<ConnAckPacket>();
        answer.Reason.ShouldBe(ReasonCode.Success);
        return answer;
    }

    /// <summary>Connects, and fails unless the broker refuses and closes.</summary>
    public async Task<ConnAckPacket> ExpectRefusalAsync(ConnectPacket connect)
    {
        await SendAsync(ConnectWriter.Write(connect));
        var answer = await ExpectAsync<ConnAckPacket>();
        answer.Reason.ShouldNotBe(ReasonCode.Success);
        answer.SessionPresent.ShouldBeFalse("[MQTT-3.2.2-6]; 3.1.1: [MQTT-3.2.2-4]");
        await ExpectEndAsync();
        return answer;
    }

    public Task DisconnectAsync(ReasonCode reason = ReasonCode.Success, PropertySet? properties = null) =>
        SendAsync(new ReasonPacket(PacketType.Disconnect, reason, properties ?? PropertySet.Empty).Write(version));

    public ushort NextPacketId() => ++_packetId;

    public Task<ReasonCode> SubscribeAsync(string filter, QualityOfService qos = QualityOfService.ExactlyOnce, int? identifier = null) =>
        SubscribeAsync(new SubscriptionRequest(filter, qos, false, false, RetainHandling.Send), identifier);

    public async Task<ReasonCode> SubscribeAsync(SubscriptionRequest request, int? identifier = null)
    {
        var answer = await SubscribeAsync(
            [request], identifier is { } id ? new PropertySet { SubscriptionIdentifiers = [id] } : PropertySet.Empty);
        return answer.Reasons.ShouldHaveSingleItem();
    }

    public async Task<SubAckPacket> SubscribeAsync(ImmutableArray<SubscriptionRequest> requests, PropertySet properties)
    {
        var id = NextPacketId();
        await SendAsync(new SubscribePacket(id, requests, properties).Write(version));
        var answer = await ExpectAsync<SubAckPacket>();
        answer.ShouldSatisfyAllConditions(a => a.Type.ShouldBe(PacketType.SubAck), a => a.PacketId.ShouldBe(id));
        return answer;
    }

    public async Task<SubAckPacket> UnsubscribeAsync(params string[] filters)
    {
        var id = NextPacketId();
        await SendAsync(new UnsubscribePacket(id, [.. filters], PropertySet.Empty).Write(version));
        var answer = await ExpectAsync<SubAckPacket>();
        answer.ShouldSatisfyAllConditions(a => a.Type.ShouldBe(PacketType.UnsubAck), a => a.PacketId.ShouldBe(id));
        return answer;
    }

    /// <summary>The bytes of a PUBLISH.</summary>
    public byte[] Publish(
        string topic,
        string payload,
        QualityOfService qos = QualityOfService.AtMostOnce,
        ushort id = 0,
        bool retain = false,
        bool dup = false,
        ushort alias = 0,
        PropertySet? properties = null) =>
        Publish(topic, Encoding.UTF8.GetBytes(payload), qos, id, retain, dup, alias, properties);

    public byte[] Publish(
        string topic,
        byte[] payload,
        QualityOfService qos = QualityOfService.AtMostOnce,
        ushort id = 0,
        bool retain = false,
        bool dup = false,
        ushort alias = 0,
        PropertySet? properties = null)
    {
        var writer = new PublishWriter
        {
            Topic = Encoding.UTF8.GetBytes(topic),
            Payload = payload,
            QoS = qos,
            Retain = retain,
            Dup = dup,
            PacketId = id,
            TopicAlias = alias,
            MessageProperties = properties is null ? [] : MessageProperties.Encode(properties),
            MessageExpiryInterval = properties?.MessageExpiryInterval,
        };
        var packet = new byte[writer.Measure(version)];
        writer.Write(packet, version);
        return packet;
    }

    /// <summary>Publishes, and comes back when the broker has dealt with it.</summary>
    /// <returns>What the broker said; success with QoS 0.</returns>
    public async Task<ReasonCode> PublishAsync(
        string topic, string payload, QualityOfService qos = QualityOfService.AtMostOnce,
        bool retain = false, PropertySet? properties = null)
    {
        var id = qos == QualityOfService.AtMostOnce ? (ushort)0 : NextPacketId();
        await SendAsync(Publish(topic, payload, qos, id, retain, properties: properties));
        if (qos == QualityOfService.AtMostOnce)
        {
            await PingAsync();
            return ReasonCode.Success;
        }

        var reason = await ExpectAckAsync(qos == QualityOfService.AtLeastOnce ? PacketType.PubAck : PacketType.PubRec, id);
        if (qos == QualityOfService.ExactlyOnce && reason < ReasonCode.UnspecifiedError)
        {
            await AckAsync(PacketType.PubRel, id);
            (await ExpectAckAsync(PacketType.PubComp, id)).ShouldBe(ReasonCode.Success);
        }

        return reason;
    }

    public Task AckAsync(PacketType type, ushort id, ReasonCode reason = ReasonCode.Success)
    {
        var packet = new byte[AckPacket.MaxSize];
        var size = new AckPacket(type, id, reason).Write(packet, version);
        return SendAsync(packet.AsMemory(0, size));
    }

    /// <summary>The acknowledgement that comes next.</summary>
    public async Task<ReasonCode> ExpectAckAsync(PacketType type, ushort id)
    {
        var ack = await ExpectAsync<AckPacket>();
        ack.ShouldSatisfyAllConditions(a => a.Type.ShouldBe(type), a => a.PacketId.ShouldBe(id));
        return ack.Reason;
    }

    /// <summary>The message that comes next; it must be this one.</summary>
    public async Task<ReceivedPublish> ExpectPublishAsync(string topic, string payload)
    {
        var message = await ExpectAsync<ReceivedPublish>();
        (message.Topic, message.Text).ShouldBe((topic, payload));
        return message;
    }

    /// <summary>The broker has handled all that was sent before.</summary>
    public async Task PingAsync()
    {
        await SendAsync(new byte[] { (byte)PacketType.PingReq << 4, 0 });
        (await ExpectAsync<PacketType>()).ShouldBe(PacketType.PingResp);
    }

    /// <summary>Nothing was sent to this client that it has not seen. Whatever could have caused it must be dealt with.</summary>
    public Task ExpectNothingAsync() => PingAsync();

    public async Task<T> ExpectAsync<T>()
    {
        var packet = await ReadAsync($"a {typeof(T).Name} comes")
            ?? throw new EndOfStreamException($"{typeof(T).Name} was to come, but the connection is closed.");
        return packet is T expected ? expected : throw new InvalidOperationException($"{typeof(T).Name} was to come, but it is {packet}.");
    }

    /// <summary>The broker ends the connection. Of MQTT 5.0 it says why; of 3.1.1 it cannot.</summary>
    public async Task<ReasonPacket?> ExpectClosedAsync(ReasonCode reason)
    {
        ReasonPacket? goodbye = null;
        if (version == ProtocolVersion.V500)
        {
            goodbye = await ExpectAsync<ReasonPacket>();
            goodbye.Reason.ShouldBe(reason);
        }

        await ExpectEndAsync();
        return goodbye;
    }

    /// <summary>The connection ends, and nothing more is said.</summary>
    public async Task ExpectEndAsync() => (await ReadAsync("the broker closes")).ShouldBeNull();

    public ValueTask DisposeAsync() => stream.DisposeAsync();

    /// <returns>Null when the broker closed its side.</returns>
    public async Task<object?> ReadAsync(string step)
    {
        while (true)
        {
            if (TryTake() is { } packet)
            {
                return packet;
            }

            if (_end == _buffer.Length)
            {
                Array.Resize(ref _buffer, _buffer.Length * 2);
            }

            var read = await Eventually.CompletesAsync(
                step, stream.ReadAsync(_buffer.AsMemory(_end), TestContext.Current.CancellationToken).AsTask());
            if (read == 0)
            {
                return _end == 0 ? null : throw new EndOfStreamException("The connection is closed within a packet.");
            }

            _end += read;
        }
    }

    /// <summary>Looks for a packet without waiting. Not mixed with the methods that wait.</summary>
    /// <param name="packet">The packet; null when the broker closed its side, or the connection is lost.</param>
    /// <returns>False when nothing has come.</returns>
    public bool TryRead(out object? packet)
    {
        while (true)
        {
            if (TryTake() is { } taken)
            {
                packet = taken;
                return true;
            }

            if (_end == _buffer.Length)
            {
                Array.Resize(ref _buffer, _buffer.Length * 2);
            }

            packet = null;
            _reading ??= stream.ReadAsync(_buffer.AsMemory(_end)).AsTask();
            if (!_reading.IsCompleted)
            {
                return false;
            }

            var read = _reading.IsCompletedSuccessfully ? _reading.GetAwaiter().GetResult() : 0;
            if (read == 0)
            {
                return true;
            }

            _reading = null;
            _end += read;
        }
    }

    private object? TryTake()
    {
        var status = FrameReader.Read(_buffer.AsSpan(0, _end), int.MaxValue, version, out var frame, out _, out var violation);
        if (status == FrameStatus.Violation)
        {
            throw new InvalidOperationException($"The broker broke the protocol: {violation}");
        }

        if (status == FrameStatus.Incomplete)
        {
            return null;
        }

        var packet = Read(frame);
        var length = frame.Whole.Length;
        _buffer.AsSpan(length, _end - length).CopyTo(_buffer);
        _end -= length;
        return packet;
    }

    private object Read(Frame frame)
    {
        ProtocolViolation violation;
        switch (frame.Type)
        {
            case PacketType.ConnAck when ConnAckPacket.TryRead(frame, version, out var connAck, out violation):
                return connAck;
            case PacketType.Publish when PublishPacket.TryRead(frame, version, fromClient: false, out var publish, out violation):
                return new ReceivedPublish(
                    MqttText.Decode(publish.Topic),
                    publish.Payload.ToArray(),
                    publish.QoS,
                    publish.Retain,
                    publish.Dup,
                    publish.PacketId,
                    publish.Properties.IsEmpty ? PropertySet.Empty : MessageProperties.Decode(publish.Properties));
            case PacketType.PubAck or PacketType.PubRec or PacketType.PubRel or PacketType.PubComp
                when AckPacket.TryRead(frame, version, out var ack, out violation):
                return ack;
            case PacketType.SubAck or PacketType.UnsubAck when SubAckPacket.TryRead(frame, version, out var subAck, out violation):
                return subAck;
            case PacketType.PingResp when frame.Body.IsEmpty:
                return PacketType.PingResp;
            case PacketType.Disconnect or PacketType.Auth when version == ProtocolVersion.V500
                && ReasonPacket.TryRead(frame, version, fromClient: false, out var reason, out violation):
                return reason;
            default:
                throw new InvalidOperationException($"The broker sent a {frame.Type} that is none.");
        }
    }
}
