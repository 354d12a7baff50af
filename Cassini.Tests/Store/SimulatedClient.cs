using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Tests.Broker;

namespace Cassini.Tests.Store;

/// <summary>
/// A correct MQTT client: remembers what it has sent until that is acknowledged, sends it again on its next connection, and takes a QoS 2
/// message once. When it acknowledges is the schedule's choice. Tells the checker what it sees.
/// </summary>
internal sealed class SimulatedClient(ScheduleChecker checker, string id, int version, bool isLasting, ushort? receiveMaximum)
{
    /// <summary>That of its sessions; see <see cref="BrokerRig.Lasting"/>.</summary>
    public static readonly TimeSpan SessionExpiry = TimeSpan.FromSeconds(3_600);

    /// <summary>How far the clocks of two processes, and the next look at what has expired, may be apart.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(5);

    private readonly OutgoingMessages _outgoing = new(checker, id);
    private readonly HashSet<ushort> _held = [];
    private readonly Queue<(PacketType Type, ushort Id)> _toSend = new();
    private readonly Dictionary<ushort, (ReasonCode Reason, Action Done)> _asked = [];
    private readonly IncomingRules _rules = new(checker, id, version == 5 ? receiveMaximum ?? ushort.MaxValue : ushort.MaxValue);
    private readonly List<RigConnection> _left = [];
    private DateTimeOffset? _awaySince;
    private SimulatedBroker? _broker;
    private ushort _packetId;
    private bool _asksForCleanStart;
    private WillPromise? _nextWill;

    public string Id => id;

    /// <summary>Whether its session outlives its connections.</summary>
    public bool IsLasting => isLasting;

    public int Version => version;

    public RigConnection? Connection { get; private set; }

    /// <summary>Whether its connection was accepted.</summary>
    public bool IsConnected { get; private set; }

    /// <summary>Whether the broker has told it of a session that has not ended since.</summary>
    public bool HasPromise { get; private set; }

    /// <summary>When it had a connection last.</summary>
    public DateTimeOffset SeenAt { get; private set; }

    /// <summary>When it sent its last CONNECT.</summary>
    public DateTimeOffset ConnectedAt { get; private set; }

    /// <summary>Since when it has had no connection for sure, and the journal knows; null when it has one, or nobody can know.</summary>
    public DateTimeOffset? AwaySince { get; private set; }

    /// <summary>How many sessions it has had.</summary>
    public int Session { get; private set; }

    public Dictionary<string, KnownSubscription> Subscriptions { get; } = new(StringComparer.Ordinal);

    /// <summary>The will of its connection.</summary>
    public WillPromise? Will { get; private set; }

    public int Unacknowledged => _outgoing.Count;

    public int ToSend => _toSend.Count;

    /// <summary>Connects, with a new connection in place of the one that it has.</summary>
    public async Task ConnectAsync(SimulatedBroker broker, bool cleanStart, WillPromise? will)
    {
        _broker = broker;
        checker.Wills.OnConnecting(this);
        if (Connection is { } left)
        {
            _left.Add(left);
        }

        Lose();
        checker.Trace($"{id} connects{(cleanStart ? " anew" : "")}{(will is null ? "" : $" with will {will.Text} after {will.Delay}")}");
        Connection = broker.Open(version);
        ConnectedAt = checker.Now;
        _rules.OnConnecting();
        (_awaySince, AwaySince) = (AwaySince, null);
        var connect = Connection.Client.Connect(id);
        connect = isLasting ? BrokerRig.Lasting(connect) with { CleanStart = cleanStart } : connect;
        if (receiveMaximum is not null && version == 5)
        {
            connect = connect with { Properties = connect.Properties with { ReceiveMaximum = receiveMaximum } };
        }

        if (will is not null)
        {
            var properties = version == 5 && will.Delay > TimeSpan.Zero
                ? new PropertySet { WillDelayInterval = (uint)will.Delay.TotalSeconds }
                : PropertySet.Empty;
            connect = connect with
            {
                Will = new WillMessage("w", [.. System.Text.Encoding.UTF8.GetBytes(will.Text)], will.QoS, false, properties),
            };
        }

        _nextWill = will;
        _asksForCleanStart = cleanStart || !isLasting;
        if (cleanStart)
        {
            // From now on its session may have ended, whether it hears of that or not.
            Forget();
        }

        await SendAsync(ConnectWriter.Write(connect));
    }

    /// <summary>It has no connection any more, whether the broker knows or not.</summary>
    public void Lose()
    {
        SeenAt = IsConnected ? checker.Now : SeenAt;
        if (!isLasting)
        {
            EndSession();
        }

        Connection = null;
        IsConnected = false;
        Will = null;
        _toSend.Clear();
        _asked.Clear();
    }

    /// <summary>The network between it and the broker is lost.</summary>
    public void Abort()
    {
        var connection = Connection;
        checker.Trace($"{id} is cut off");
        checker.Wills.OnLost(this);
        Lose();
        connection?.Abort();
        AbortLeft();
    }

    /// <summary>Says goodbye.</summary>
    public async Task DisconnectAsync()
    {
        checker.Trace($"{id} disconnects");
        await SendAsync(new ReasonPacket(PacketType.Disconnect, ReasonCode.Success, PropertySet.Empty).Write((ProtocolVersion)version));
        Lose();
        AbortLeft();
    }

    /// <summary>The time was so long that its session may have ended.</summary>
    public void Forget()
    {
        HasPromise = false;
        IsInDoubt = true;
        checker.OnSessionMayEnd(this);
        foreach (var outgoing in _outgoing.All)
        {
            outgoing.Message.IsInDoubt = true;
        }
    }

    /// <summary>
    /// Everything that has happened is durable: from now on at the latest the broker knows that a client is away, and for how long. Before,
    /// its reader may have waited for the disk.
    /// </summary>
    public void OnIdle() => AwaySince = Connection is null ? AwaySince ?? checker.Now : null;

    /// <summary>Whether it cannot know if it has the session that it had: another one may have begun of which it never heard.</summary>
    public bool IsInDoubt { get; private set; }

    public async Task PublishAsync(SentMessage message)
    {
        var packetId = message.QoS == QualityOfService.AtMostOnce ? (ushort)0 : NextId();
        if (packetId != 0)
        {
            _outgoing.Add(message, packetId);
        }

        checker.Trace($"{id} publishes {message} as {packetId}");
        await SendAsync(PacketOf(message, packetId, dup: false));
    }

    public async Task SubscribeAsync(KnownSubscription subscription)
    {
        checker.OnSubscribing(subscription);
        if (Subscriptions.TryGetValue(subscription.Topic, out var before))
        {
            before.HasEnded = true;
        }

        Subscriptions[subscription.Topic] = subscription;
        var packetId = NextId();
        _asked[packetId] = ((ReasonCode)subscription.QoS, OnSubscribed);
        checker.Trace($"{id} subscribes to {subscription.Filter} with {subscription.QoS}{(subscription.GetsRetained ? " anew" : "")}");
        var request = new SubscriptionRequest(
            subscription.Filter, subscription.QoS, false, false,
            subscription.GetsRetained || version == 4 ? RetainHandling.Send : RetainHandling.DoNotSend);
        await SendAsync(new SubscribePacket(packetId, [request], PropertySet.Empty).Write((ProtocolVersion)version));

        void OnSubscribed()
        {
            subscription.IsAcknowledged = true;
            checker.Trace($"{id} has subscribed to {subscription.Filter}");
        }
    }

    public async Task UnsubscribeAsync(KnownSubscription subscription)
    {
        checker.OnUnsubscribing(subscription);
        Subscriptions.Remove(subscription.Topic);
        var packetId = NextId();
        _asked[packetId] = (ReasonCode.Success, OnUnsubscribed);
        checker.Trace($"{id} unsubscribes from {subscription.Filter}");
        await SendAsync(new UnsubscribePacket(packetId, [subscription.Filter], PropertySet.Empty).Write((ProtocolVersion)version));

        void OnUnsubscribed()
        {
            checker.OnUnsubscribed(subscription);
            checker.Trace($"{id} has unsubscribed from {subscription.Filter}");
        }
    }

    /// <summary>Sends the next acknowledgements.</summary>
    public async Task AcknowledgeAsync(int count)
    {
        while (count-- > 0 && _toSend.TryDequeue(out var next))
        {
            checker.Trace($"{id} sends {next.Type} {next.Id}");
            if (next.Type != PacketType.PubRec)
            {
                _rules.OnFinished(next.Id);
            }

            await SendAsync(Ack(next.Type, next.Id));
        }
    }

    /// <summary>Handles what has come.</summary>
    /// <returns>Whether anything has.</returns>
    public async Task<bool> ReadAsync()
    {
        var any = false;
        while (Connection is { } connection && connection.Client.TryRead(out var packet))
        {
            any = true;
            switch (packet)
            {
                case ConnAckPacket connAck:
                    await OnConnAckAsync(connAck);
                    break;
                case AckPacket ack:
                    await OnAckAsync(ack);
                    break;
                case SubAckPacket answer:
                    OnAnswer(answer);
                    break;
                case ReceivedPublish publish:
                    OnPublish(publish);
                    break;
                default:
                    OnClosed(connection, packet);
                    break;
            }
        }

        return any;
    }

    /// <summary>
    /// No keep alive ends, nothing is refused, and the client keeps to the protocol: only another connection of its own may end this one,
    /// or a jump of the clock while its CONNECT is read.
    /// </summary>
    private void OnClosed(RigConnection connection, object? packet)
    {
        var reason = (packet as ReasonPacket)?.Reason;
        checker.Trace($"the broker ends the connection {connection.Transport.Id} of {id}: {reason} {connection.Closing}");
        if (connection.Closing == CloseReason.ConnectTimeout)
        {
            Lose();
            return;
        }

        if (version == 4 && connection.Closing == CloseReason.StoreUnavailable)
        {
            // It has no other way to say that it cannot keep a message.
            checker.Wills.OnLost(this);
            Lose();
            return;
        }

        if ((version == 5 && IsConnected && reason != ReasonCode.SessionTakenOver) || (version == 4 && packet is not null)
            || connection.Closing != CloseReason.TakenOver || !_broker!.WasTakenOver(connection, id))
        {
            checker.Fail($"the broker ends the connection of {id}: {packet} {connection.Closing}");
        }

        checker.Wills.OnDisplaced(this);
        Lose();
    }

    private void OnAnswer(SubAckPacket answer)
    {
        if (!_asked.Remove(answer.PacketId, out var asked))
        {
            checker.Fail($"{id} gets {answer.Type} {answer.PacketId} and has not asked");
        }
        else if (answer.Reasons is not [_] && (version == 5 || answer.Type == PacketType.SubAck))
        {
            checker.Fail($"{id} gets {answer.Type} with {answer.Reasons.Length} reasons");
        }
        else
        {
            // What is not there any more cannot be unsubscribed from; 3.1.1 has no reasons in UNSUBACK.
            if (answer.Reasons is [var given] && given != asked.Reason && given != ReasonCode.NoSubscriptionExisted)
            {
                checker.Fail($"{id} gets {answer.Type} with {given}");
            }

            asked.Done();
        }
    }

    private async Task OnConnAckAsync(ConnAckPacket answer)
    {
        checker.Trace($"{id} is connected{(answer.SessionPresent ? " with its session" : "")}");
        if (answer.Reason != ReasonCode.Success)
        {
            checker.Fail($"{id} is refused: {answer.Reason}");
        }

        if (answer.SessionPresent && _asksForCleanStart)
        {
            checker.Fail($"{id} asked for a clean start and has its session");
        }

        if (!answer.SessionPresent && HasPromise && !_asksForCleanStart)
        {
            checker.Fail($"the session of {id} is lost");
        }

        if (answer.SessionPresent && version == 5 && ConnectedAt - _awaySince > SessionExpiry + Tolerance)
        {
            checker.Fail($"{id} has its session after {ConnectedAt - _awaySince} [MQTT-3.1.2-23]");
        }

        IsConnected = true;
        if (!answer.SessionPresent)
        {
            EndSession();
            IsInDoubt = false;
        }

        HasPromise = isLasting;
        SeenAt = checker.Now;
        Will = _nextWill is null ? null : checker.Wills.OnAccepted(_nextWill);
        foreach (var unacknowledged in _outgoing.All)
        {
            checker.OnRepeated(unacknowledged.Message);
            checker.Trace(
                $"{id} sends {(unacknowledged.IsReceived ? "PUBREL of " : "")}{unacknowledged.Message} again as {unacknowledged.Id}");
            await SendAsync(unacknowledged.IsReceived
                ? Ack(PacketType.PubRel, unacknowledged.Id)
                : PacketOf(unacknowledged.Message, unacknowledged.Id, dup: true));
        }
    }

    private async Task OnAckAsync(AckPacket ack)
    {
        if (ack.Type == PacketType.PubRel)
        {
            _held.Remove(ack.PacketId);
            _rules.OnPubRel(ack.PacketId);
            _toSend.Enqueue((PacketType.PubComp, ack.PacketId));
            return;
        }

        if (_outgoing.OnAck(ack))
        {
            await SendAsync(Ack(PacketType.PubRel, ack.PacketId));
        }
    }

    private void OnPublish(ReceivedPublish publish)
    {
        checker.Trace(
            $"{id} gets {publish.Topic} {publish.Text} {publish.QoS} as {publish.PacketId}{(publish.Dup ? " again" : "")}"
            + (publish.Retain ? " retained" : ""));
        _rules.OnPublish(publish);
        if (publish.QoS != QualityOfService.ExactlyOnce || _held.Add(publish.PacketId))
        {
            checker.OnTaken(this, publish);
        }

        if (publish.QoS != QualityOfService.AtMostOnce)
        {
            _toSend.Enqueue((publish.QoS == QualityOfService.AtLeastOnce ? PacketType.PubAck : PacketType.PubRec, publish.PacketId));
        }
    }

    /// <summary>The broker may have attached one that was left for another after that other: nothing of them must stay.</summary>
    private void AbortLeft()
    {
        _left.ForEach(one => one.Abort());
        _left.Clear();
    }

    private void EndSession()
    {
        checker.OnSessionEnded(this);
        Session++;
        HasPromise = false;
        _outgoing.Clear();
        _held.Clear();
        _rules.OnSessionEnded();
        foreach (var subscription in Subscriptions.Values)
        {
            subscription.HasEnded = true;
        }

        Subscriptions.Clear();
    }

    private ushort NextId()
    {
        do
        {
            _packetId = (ushort)((_packetId % 12) + 1);
        }
        while (_outgoing.Uses(_packetId) || _asked.ContainsKey(_packetId));

        return _packetId;
    }

    private byte[] PacketOf(SentMessage message, ushort packetId, bool dup) => Connection!.Client.Publish(
        message.Topic, message.Text, message.QoS, packetId, message.Retain, dup,
        properties: message.Expiry is { } expiry && version == 5
            ? new PropertySet { MessageExpiryInterval = (uint)expiry.TotalSeconds }
            : null);

    private byte[] Ack(PacketType type, ushort packetId)
    {
        var packet = new byte[AckPacket.MaxSize];
        return packet[..new AckPacket(type, packetId, ReasonCode.Success).Write(packet, (ProtocolVersion)version)];
    }

    private async Task SendAsync(byte[] packet)
    {
        try
        {
            await Connection!.Client.Stream.WriteAsync(packet);
        }
        catch (IOException)
        {
            // The broker has closed: what was read says so.
        }
    }
}
