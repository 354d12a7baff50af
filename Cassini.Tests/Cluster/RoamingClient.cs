using System.Globalization;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Tests.Broker;

namespace Cassini.Tests.Cluster;

/// <summary>
/// A client of a fleet in virtual time whose session is kept, and which connects here and there, sometimes to two nodes at once. It reads
/// when it is asked to, and never waits. For one thread at a time.
/// </summary>
/// <param name="id">Its client identifier.</param>
/// <param name="qos">With which it subscribes.</param>
/// <param name="log">Gets what happens, for people.</param>
internal sealed class RoamingClient(string id, QualityOfService qos, Action<string> log)
{
    private readonly List<Attempt> _all = [];
    private readonly List<Attempt> _attempts = [];
    private readonly HashSet<ushort> _unreleased = [];
    private Attempt? _current;

    public string Id => id;

    public QualityOfService QoS => qos;

    /// <summary>Whether it reads nothing.</summary>
    public bool IsAsleep { get; set; }

    /// <summary>Whether it begins anew each time.</summary>
    public bool CleanStart { get; set; }

    public bool IsConnected => _current is not null;

    /// <summary>Whether a CONNECT is not answered, or two were accepted and none of these is closed.</summary>
    public bool IsConnecting => _attempts.Count > 0;

    public bool IsSubscribed { get; private set; }

    /// <summary>The numbers of the messages that it got, those of QoS 2 once for each packet identifier that was not released.</summary>
    public List<int> Got { get; } = [];

    /// <summary>What was not as it must be.</summary>
    public List<string> Faults { get; } = [];

    /// <summary>Whether the broker has read what it sent, as far as it reads.</summary>
    public bool IsQuiet => _all.TrueForAll(one => one.Answer is null || one.Connection.IsQuiet);

    /// <summary>The connections that the broker has not ended.</summary>
    public IEnumerable<string> Open => _all.Where(one => !one.Connection.Served.IsCompleted).Select(one => $"{one}");

    /// <summary>Gives up the connection that it has, without a word, and connects.</summary>
    public async Task ConnectAsync(params SimulatedNode[] nodes)
    {
        _current = null;
        foreach (var node in nodes)
        {
            var connection = new RigConnection(
                node.Broker, node.Events, _all.Count + 1, ProtocolVersion.V500, node.Accounts.Open("alice"), false, 64 * 1024, "memory");
            var attempt = new Attempt(id, node, connection);
            _all.Add(attempt);
            _attempts.Add(attempt);
            var connect = connection.Client.Connect(id) with
            {
                CleanStart = CleanStart,
                Properties = new PropertySet { SessionExpiryInterval = 1_000_000, ReceiveMaximum = 4 },
            };
            log($"{attempt} connects");
            await SendAsync(attempt, ConnectWriter.Write(connect));
        }
    }

    /// <summary>Says goodbye, or loses its connection.</summary>
    public async Task LeaveAsync(bool isPolite)
    {
        if (_current is { } left)
        {
            if (isPolite)
            {
                var goodbye = new ReasonPacket(PacketType.Disconnect, ReasonCode.Success, PropertySet.Empty);
                await SendAsync(left, goodbye.Write(ProtocolVersion.V500));
            }
            else
            {
                left.Connection.Abort();
            }

            _current = null;
        }
    }

    public Task SubscribeAsync(string filter)
    {
        var request = new SubscriptionRequest(filter, qos, false, false, RetainHandling.Send);
        return SendAsync(_current!, new SubscribePacket(1, [request], PropertySet.Empty).Write(ProtocolVersion.V500));
    }

    /// <summary>The process of a node was killed.</summary>
    public void Lose(SimulatedNode node)
    {
        foreach (var lost in _all.Where(one => one.Node == node && !one.Connection.Served.IsCompleted))
        {
            lost.Connection.Abort();
        }

        _attempts.RemoveAll(one => one.Node == node);
        _current = _current?.Node == node ? null : _current;
    }

    /// <summary>Takes what has come.</summary>
    public async Task ReadAsync()
    {
        foreach (var attempt in _attempts.Where(one => one.Answer is null).ToList())
        {
            if (!attempt.Connection.Client.TryRead(out var packet))
            {
                continue;
            }

            if (packet is not ConnAckPacket answer)
            {
                Faults.Add($"{attempt}: {packet ?? "no answer"}");
                _attempts.Remove(attempt);
                continue;
            }

            attempt.Answer = answer.Reason;
            log($"{attempt}: {answer.Reason} {answer.Properties.ReasonString}");
            if (answer.Reason == ReasonCode.Success && !answer.SessionPresent && IsSubscribed && !CleanStart)
            {
                Faults.Add($"{attempt}: the session is lost");
            }
            else if (answer.Reason is not (ReasonCode.Success or ReasonCode.ServerBusy or ReasonCode.ServerUnavailable))
            {
                Faults.Add($"{attempt}: {answer.Reason}");
            }
        }

        // Of two that were accepted the other one is taken over.
        if (_attempts.Count > 0 && _attempts.TrueForAll(one => one.Answer is not null))
        {
            var open = _attempts.Where(one => one.Answer == ReasonCode.Success && !one.Connection.Served.IsCompleted).ToList();
            if (open.Count < 2)
            {
                _current = open.SingleOrDefault();
                _attempts.Clear();
            }
        }

        while (!IsAsleep && _current is { } current && current.Connection.Client.TryRead(out var packet))
        {
            await TakeAsync(current, packet);
        }
    }

    public async Task EndAsync()
    {
        foreach (var one in _all)
        {
            await one.Connection.DisposeAsync();
        }
    }

    private async Task TakeAsync(Attempt current, object? packet)
    {
        switch (packet)
        {
            case ReceivedPublish { QoS: QualityOfService.AtLeastOnce } came:
                Note(current, came);
                await AckAsync(current, PacketType.PubAck, came.PacketId);
                break;
            case ReceivedPublish came:
                if (_unreleased.Add(came.PacketId))
                {
                    Note(current, came);
                }

                await AckAsync(current, PacketType.PubRec, came.PacketId);
                break;
            case AckPacket { Type: PacketType.PubRel } released:
                _unreleased.Remove(released.PacketId);
                await AckAsync(current, PacketType.PubComp, released.PacketId);
                break;
            case SubAckPacket:
                IsSubscribed = true;
                break;
            case ReasonPacket ended:
                log($"{current}: closed with {ended.Reason}");
                _current = null;
                break;
            case null:
                _current = null;
                break;
        }
    }

    private void Note(Attempt current, ReceivedPublish came)
    {
        log($"{current}: {came.Text}, {came.PacketId}{(came.Dup ? " again" : "")}");
        Got.Add(int.Parse(came.Text, CultureInfo.InvariantCulture));
    }

    private Task AckAsync(Attempt to, PacketType type, ushort packetId)
    {
        var packet = new byte[AckPacket.MaxSize];
        var size = new AckPacket(type, packetId, ReasonCode.Success).Write(packet, ProtocolVersion.V500);
        return SendAsync(to, packet.AsMemory(0, size));
    }

    private async Task SendAsync(Attempt to, ReadOnlyMemory<byte> packet)
    {
        try
        {
            await to.Connection.Client.SendAsync(packet);
        }
        catch (Exception lost) when (lost is IOException or InvalidOperationException)
        {
            _current = _current == to ? null : _current;
        }
    }

    /// <summary>A connection.</summary>
    private sealed class Attempt(string id, SimulatedNode node, RigConnection connection)
    {
        public SimulatedNode Node => node;

        public RigConnection Connection => connection;

        /// <summary>The answer to CONNECT; null before.</summary>
        public ReasonCode? Answer { get; set; }

        public override string ToString() => $"{id} by {connection.Transport.Id} of {node.Name}";
    }
}
