using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Outgoing;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Streams.Broker.Connections;

/// <summary>
/// A connection whose client has said in CONNECT what it speaks and accepts: its outbox, its keep alive, and the packets that explain
/// themselves.
/// </summary>
internal sealed class ClientLink : IAttachedConnection
{
    /// <summary>How long what is left may take to be sent. Less than the time after which Listening takes the socket away.</summary>
    private static readonly TimeSpan FlushPatience = TimeSpan.FromSeconds(4);

    /// <summary>
    /// The same from a shutdown on, whatever ended the connection before, and after a client's silence: neither waits long for a client
    /// that does not read.
    /// </summary>
    private static readonly TimeSpan ShortPatience = TimeSpan.FromSeconds(1);

    /// <summary>How long a client without a keep alive may take none of the answers that wait for it.</summary>
    private static readonly TimeSpan LongestStall = TimeSpan.FromMinutes(5);

    private readonly ClientConnection _connection;
    private readonly OutboxLimits _limits;
    private readonly TimeSpan? _longestSilence;
    private readonly BrokerOptions _options;
    private readonly TimeProvider _time;
    private long _lastPacketAt;
    private long _sentBefore;
    private volatile Hold _hold;

    /// <param name="connection">The connection.</param>
    /// <param name="limits">What the client accepts, and how far it may fall behind.</param>
    /// <param name="keepAlive">Its keep alive; null for none.</param>
    /// <param name="options">The broker's options.</param>
    /// <param name="durability">How far the broker's changes are durable.</param>
    /// <param name="time">The one clock.</param>
    public ClientLink(
        ClientConnection connection, OutboxLimits limits, TimeSpan? keepAlive,
        BrokerOptions options, Durability durability, TimeProvider time)
    {
        _connection = connection;
        _limits = limits;
        KeepAlive = keepAlive;
        _longestSilence = keepAlive * 1.5;
        _options = options;
        _time = time;
        _lastPacketAt = time.GetTimestamp();
        Unfinished = new UnfinishedPacket(options.PacketTimeout);
        Outbox = new Outbox(
            connection.Transport.Stream, limits, connection.Memory, connection.Work, durability, connection.Counters, connection,
            time);
        Answers = new AckGate(durability, Outbox, connection.Memory);
        IsAnsweredAtOnce = options.MemoryEndpoints.Any(endpoint => endpoint.ToString() == connection.Transport.Endpoint);
    }

    public ClientConnection Connection => _connection;

    public long Id => _connection.Transport.Id;

    public ProtocolVersion Version => _limits.Version;

    public TimeSpan? KeepAlive { get; }

    public Outbox Outbox { get; }

    /// <summary>The answers that wait until what they acknowledge is durable.</summary>
    public AckGate Answers { get; }

    /// <summary>Whether its answers do not wait for the disk, see <see cref="BrokerOptions.MemoryEndpoints"/>.</summary>
    public bool IsAnsweredAtOnce { get; }

    /// <summary>What has come of the packet that is to be handled next.</summary>
    public UnfinishedPacket Unfinished { get; }

    /// <inheritdoc cref="ClientConnection.Flushes"/>
    public FlushSet Flushes => _connection.Flushes;

    /// <inheritdoc cref="ClientConnection.Counters"/>
    public BrokerCounters Counters => _connection.Counters;

    public bool IsClosing => _connection.IsClosing;

    /// <summary>Whether its CONNACK accepts the client: the broker sends no DISCONNECT before that [MQTT-3.14.0-1].</summary>
    public bool IsAccepted { get; set; }

    /// <summary>Whether the broker does not read from it at present. Any thread.</summary>
    public bool IsHeldBack => _hold != Hold.None;

    public void Close(CloseOrder order) => _connection.Close(order);

    public CloseReason Settle(CloseReason observed) => _connection.Transport.Settle(observed);

    public Task WhenOutOfBatchAsync() => _connection.WhenOutOfBatchAsync();

    /// <summary>A whole packet came.</summary>
    public void Touch(long now) => Volatile.Write(ref _lastPacketAt, now);

    /// <summary>
    /// Ends the connection if its keep alive is over [MQTT-3.1.2-22]; 3.1.1: [MQTT-3.1.2-24]. While the client's unread answers are what
    /// holds it back, it is silent when it takes none of them. It is also ended when a packet was not finished in time. For the
    /// housekeeper.
    /// </summary>
    public void CloseIfSilent(long now)
    {
        var hold = _hold;
        if (hold == Hold.ByBroker)
        {
            return;
        }

        if (hold == Hold.None && Unfinished.IsOverdue(now, _time) && !_connection.Transport.HasUnread)
        {
            Close(new CloseOrder(ReasonCode.ImplementationSpecificError, CloseReason.PacketTimeout, "a packet was not finished in time"));
        }

        if (hold == Hold.ByAnswers && _connection.Transport.BytesSent is var sent && sent != _sentBefore)
        {
            _sentBefore = sent;
            Touch(now);
        }

        // What the client sent and the broker has not read yet ends its silence, once it is read.
        var longest = _longestSilence ?? (hold == Hold.ByAnswers ? LongestStall : null);
        if (longest is { } limit && _time.GetElapsedTime(Volatile.Read(ref _lastPacketAt), now) >= limit
            && (hold == Hold.ByAnswers || !_connection.Transport.HasUnread))
        {
            Close(new CloseOrder(ReasonCode.KeepAliveTimeout, CloseReason.KeepAliveTimeout));
        }
    }

    public void Forgive(TimeSpan pause)
    {
        var now = _time.GetTimestamp();
        var length = (long)(pause.TotalSeconds * _time.TimestampFrequency);
        var seen = Volatile.Read(ref _lastPacketAt);
        Interlocked.CompareExchange(ref _lastPacketAt, Math.Min(seen + length, now), seen);
        Unfinished.Forgive(length, now);
    }

    /// <summary>
    /// Waits for something of the broker's own while nothing is read: the client is not blamed for the silence, and its keep alive begins
    /// anew.
    /// </summary>
    /// <param name="wait">
    /// Begins the wait. It is called after the client counts as held back, so that no look at its silence comes between.
    /// </param>
    public Task HoldBackAsync(Func<Task> wait) => HoldBackAsync(Hold.ByBroker, wait);

    /// <summary>Waits, while nothing is read, until the client has taken enough of its answers: they are never dropped.</summary>
    public Task HoldBackByAnswersAsync(CancellationToken cancellationToken) =>
        HoldBackAsync(Hold.ByAnswers, () => Outbox.WhenUnderLimitAsync().WaitAsync(cancellationToken));

    /// <summary>Whether a packet is as small as the client demands [MQTT-3.1.2-24].</summary>
    public bool Accepts(int size) => size <= _limits.MaxPacketSize;

    /// <summary>
    /// Writes an answer with a reason string, if there is a detail and MQTT 5.0, and if that does not make it larger than the client
    /// accepts [MQTT-3.2.2-19], [MQTT-3.9.2-1], [MQTT-3.14.2-3].
    /// </summary>
    /// <param name="detail">For people; empty for nothing.</param>
    /// <param name="write">Writes the packet with these properties.</param>
    /// <param name="elsewhere">Which server to use instead (§4.11); null to leave that open.</param>
    public byte[] Explain(string detail, Func<PropertySet, byte[]> write, string? elsewhere = null)
    {
        if (Version == ProtocolVersion.V500)
        {
            var properties = new PropertySet { ServerReference = elsewhere };
            var explaining = properties with { ReasonString = detail.Length > 0 ? detail : null };
            foreach (var candidate in (ReadOnlySpan<PropertySet>)[explaining, properties])
            {
                var explained = write(candidate);
                if (Accepts(explained.Length))
                {
                    return explained;
                }
            }
        }

        return write(PropertySet.Empty);
    }

    /// <summary>Answers CONNECT with a refusal, if the client accepts a packet of that size, and ends the connection.</summary>
    public void Refuse(ReasonCode reason, string detail, CloseReason closeReason)
    {
        var refusal = Explain(detail, properties => new ConnAckPacket(reason, false, properties).Write(Version), Elsewhere(reason));
        if (Accepts(refusal.Length))
        {
            Outbox.Append(refusal, Flushes);
            Flushes.Flush();
        }

        Close(new CloseOrder(ReasonCode.Success, closeReason));
    }

    /// <summary>
    /// Sends DISCONNECT if the order has a reason for the client, gives what is left some time to be sent, and closes the outbox. Meanwhile
    /// it reads and drops what the client still sends: one that reads only after it has written all would not read the reason otherwise.
    /// </summary>
    /// <param name="order">How it is to end; null when the client ended it.</param>
    public async Task EndAsync(CloseOrder? order)
    {
        if (order is { Reason: not ReasonCode.Success } && IsAccepted && Version == ProtocolVersion.V500
            && order.CloseReason != CloseReason.ConnectionLost)
        {
            var disconnect = Explain(
                order.Detail,
                properties => new ReasonPacket(PacketType.Disconnect, order.Reason, properties).Write(Version),
                Elsewhere(order.Reason));
            Outbox.Append(disconnect, Flushes);
        }

        Flushes.Flush();
        var sent = WhenSentAsync();
        if (!sent.IsCompleted)
        {
            var isShort = order is null or { CloseReason: CloseReason.Shutdown or CloseReason.KeepAliveTimeout };
            using var over = new CancellationTokenSource(isShort ? ShortPatience : FlushPatience, _time);
#pragma warning disable RS0030 // The source has its clock from the constructor.
            await using var shorten = _connection.Transport.Stopping.UnsafeRegister(
                static over => ((CancellationTokenSource)over!).CancelAfter(ShortPatience), over);
#pragma warning restore RS0030
            var discarding = _connection.IsClosing ? Discarding.RunAsync(_connection.Transport.Stream, over.Token) : Task.CompletedTask;
            await sent.WaitAsync(over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await over.CancelAsync();
            await discarding;
        }

        Answers.Close();
        Outbox.Close();
    }

    private async Task WhenSentAsync()
    {
        await Answers.WhenEmptyAsync();
        await Outbox.WhenIdleAsync();
    }

    private async Task HoldBackAsync(Hold hold, Func<Task> wait)
    {
        _hold = hold;
        await wait();
        Touch(_time.GetTimestamp());
        _hold = Hold.None;
    }

    private string? Elsewhere(ReasonCode reason) =>
        reason is ReasonCode.ServerShuttingDown or ReasonCode.UseAnotherServer ? _options.ServerReference : null;

    /// <summary>What keeps the broker from reading.</summary>
    private enum Hold
    {
        None,

        /// <summary>Memory, the publish rate, or a commit.</summary>
        ByBroker,

        /// <summary>Answers that the client does not read.</summary>
        ByAnswers,
    }
}
