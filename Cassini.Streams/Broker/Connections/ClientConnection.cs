using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Outgoing;
using Cassini.Streams.Events;
using Cassini.Streams.Listening;
using Cassini.Streams.Listening.Connections;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;

namespace Cassini.Streams.Broker.Connections;

/// <summary>
/// One client's connection: reads packets, hands them to the protocol, and ends in an orderly way whoever wants it to end.
/// </summary>
internal sealed class ClientConnection
{
    private static readonly TimeSpan GoodbyePatience = TimeSpan.FromSeconds(1);

    private readonly Connection _connection;
    private readonly BrokerOptions _options;
    private readonly IBrokerStore _store;
    private readonly MemoryBudget _budget;
    private readonly TimeProvider _time;
    private readonly Violations _violations;
    private readonly Func<ClientConnection, ConnectPacket, Task<PacketHandler?>> _accept;
    private readonly ReceiveBuffer _input;
    private CloseOrder? _closing;
    private int _maxPacketSize = int.MaxValue;
    private int _inBatch;
    private int _hasLeft;

    /// <param name="connection">The transport.</param>
    /// <param name="counters">Where its traffic is counted.</param>
    /// <param name="options">The broker's options.</param>
    /// <param name="store">What is acknowledged is committed there first.</param>
    /// <param name="budget">The broker's memory.</param>
    /// <param name="time">The one clock.</param>
    /// <param name="violations">Where it reports that the peer broke the protocol.</param>
    /// <param name="accept">Answers CONNECT; returns the handler of further packets, or null when the client was refused.</param>
    public ClientConnection(
        Connection connection,
        BrokerCounters counters,
        BrokerOptions options,
        IBrokerStore store,
        MemoryBudget budget,
        TimeProvider time,
        Violations violations,
        Func<ClientConnection, ConnectPacket, Task<PacketHandler?>> accept)
    {
        _connection = connection;
        _options = options;
        _store = store;
        _budget = budget;
        _time = time;
        _violations = violations;
        _accept = accept;
        Counters = counters;
        _input = new ReceiveBuffer(connection.Stream, budget);
        LastPacketAt = time.GetTimestamp();
        connection.Abandoned = () => LeaveAsync(null);
    }

    public long Id => _connection.Id;

    public Connection Transport => _connection;

    /// <summary>Where its traffic is counted: a probe's is not the broker's.</summary>
    public BrokerCounters Counters { get; }

    /// <summary>What its reader's present batch must flush. For the reader alone.</summary>
    public FlushSet Flushes { get; } = new();

    public ProtocolVersion Version { get; private set; } = ProtocolVersion.V311;

    /// <summary>What is to be sent; made when the client has said what it can take.</summary>
    public Outbox Outbox { get; private set; } = null!;

    /// <summary>Who is connected; null before CONNECT was accepted.</summary>
    public Client? Client { get; set; }

    /// <summary>QoS 1 and 2 messages that may be under way to the client.</summary>
    public int SendMaximum { get; private set; }

    /// <summary>When its last whole packet came: a timestamp.</summary>
    public long LastPacketAt { get; private set; }

    /// <summary>When it attached to its session: a timestamp.</summary>
    public long AttachedAt { get; set; }

    /// <summary>The longest silence allowed; null for any.</summary>
    public TimeSpan? LongestSilence { get; private set; }

    /// <summary>Whether it is we who do not read: then the client is not silent.</summary>
    public bool IsHeldBack { get; private set; }

    /// <summary>Whether its reader is in the middle of a batch: what that takes in may not be delivered or queued yet.</summary>
    public bool IsInBatch => Volatile.Read(ref _inBatch) != 0;

    /// <summary>Whether it is to end.</summary>
    public bool IsClosing => Volatile.Read(ref _closing) is not null || _connection.Closing is not null;

    /// <summary>Serves the connection to its end.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Exception? crash = null;
        try
        {
            if (await ReadConnectAsync(cancellationToken) is { } connect
                && await _accept(this, connect) is { } handler)
            {
                await ServeAsync(handler, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // It must end: by Close, by an operator, or at shutdown.
        }
        catch (Exception failure)
        {
            crash = failure;
            throw;
        }
        finally
        {
            // Whatever ended the batch: what it left with others must not wait for a flush that never comes.
            Flushes.Flush();
            await LeaveAsync(crash);
            await EndAsync();
        }
    }

    /// <summary>The client may have what it can take, from now on.</summary>
    public void Open(OutboxLimits limits, int sendMaximum, TimeSpan? longestSilence)
    {
        Version = limits.Version;
        _maxPacketSize = limits.MaxPacketSize;
        SendMaximum = sendMaximum;
        LongestSilence = longestSilence;
        Outbox = new Outbox(_connection.Stream, limits, _budget, Counters)
        {
            Failed = () => Close(new CloseOrder(ReasonCode.UnspecifiedError, CloseReason.ConnectionLost)),
        };
    }

    /// <summary>Ends the connection, unless something else ends it already. Any thread.</summary>
    public void Close(CloseOrder order)
    {
        if (Interlocked.CompareExchange(ref _closing, order, null) is null)
        {
            _connection.Close(order.CloseReason);
        }
    }

    /// <summary>Another connection took its session, or ended it [MQTT-3.1.4-3].</summary>
    /// <param name="ended">Whether the session ended.</param>
    public void LoseSession(bool ended)
    {
        Close(new CloseOrder(ReasonCode.SessionTakenOver, CloseReason.TakenOver));
        Client?.LoseWill(ended);
    }

    /// <summary>How the session that it carried was closed.</summary>
    public SessionClosed SessionClosed(string clientId, CloseReason reason, bool isKept) =>
        new(Id, clientId, reason, _time.GetElapsedTime(AttachedAt), isKept);

    /// <summary>Ends it because the peer broke the protocol.</summary>
    public void Close(ProtocolViolation violation)
    {
        _violations.Report(_connection, Counters, violation);
        Close(new CloseOrder(violation.Reason, CloseReason.ProtocolError, violation.Message));
    }

    private async Task<ConnectPacket?> ReadConnectAsync(CancellationToken cancellationToken)
    {
        await using var patience = _time.CreateTimer(
            static connection => ((ClientConnection)connection!).Close(
                new CloseOrder(ReasonCode.Success, CloseReason.ConnectTimeout)),
            this,
            _options.ConnectTimeout,
            Timeout.InfiniteTimeSpan);
        while (true)
        {
            switch (TryReadConnect(out var needed, out var connect))
            {
                case FrameStatus.Complete:
                    return connect;
                case FrameStatus.Violation:
                    return null;
            }

            if (!await _input.FillAsync(needed, cancellationToken))
            {
                return null;
            }
        }
    }

    private FrameStatus TryReadConnect(out int needed, out ConnectPacket? connect)
    {
        connect = null;
        var status = FrameReader.Read(_input.Unread, _options.MaxPacketSize, null, out var frame, out needed, out var violation);
        if (status == FrameStatus.Complete && frame.Type != PacketType.Connect)
        {
            violation = ProtocolViolation.Error("MQTT-3.1.0-1", $"the first packet is {frame.Type}, not CONNECT");
            status = FrameStatus.Violation;
        }

        if (status == FrameStatus.Complete)
        {
            var length = frame.Whole.Length;
            if (ConnectReader.TryRead(frame, out connect, out var version, out violation))
            {
                LastPacketAt = _time.GetTimestamp();
                _input.Advance(length);
                Counters.AddReceived(1, 0);
                return status;
            }

            Refuse(version, violation);
            return FrameStatus.Violation;
        }

        if (status == FrameStatus.Violation)
        {
            Close(violation);
        }

        return status;
    }

    /// <summary>A CONNECT that cannot be obeyed is answered, in the language it was sent in, as far as that has words for it.</summary>
    private void Refuse(ProtocolVersion version, ProtocolViolation violation)
    {
        _violations.Report(_connection, Counters, violation);
        if (version == ProtocolVersion.V500 || violation.Reason is ReasonCode.UnsupportedProtocolVersion or ReasonCode.ClientIdentifierNotValid)
        {
            Open(new OutboxLimits(version, int.MaxValue, 0, 1, 1), 0, null);
            Refuse(violation.Reason, violation.Message, CloseReason.ProtocolError);
        }
        else
        {
            Close(new CloseOrder(ReasonCode.Success, CloseReason.ProtocolError));
        }
    }

    /// <summary>
    /// Writes an answer with a reason string, if there is a detail and MQTT 5.0, and if that does not make it larger than the client
    /// takes [MQTT-3.2.2-19], [MQTT-3.9.2-1], [MQTT-3.14.2-3].
    /// </summary>
    /// <param name="detail">For people; empty for nothing.</param>
    /// <param name="write">Writes the packet with these properties.</param>
    /// <param name="elsewhere">Which server to use instead (§4.11); null to leave that open.</param>
    public byte[] Explain(string detail, Func<PropertySet, byte[]> write, string? elsewhere = null)
    {
        if (Version == ProtocolVersion.V500)
        {
            var properties = new PropertySet { ServerReference = elsewhere };
            foreach (var candidate in (ReadOnlySpan<PropertySet>)[properties with { ReasonString = detail.Length > 0 ? detail : null }, properties])
            {
                var explained = write(candidate);
                if (explained.Length <= _maxPacketSize)
                {
                    return explained;
                }
            }
        }

        return write(PropertySet.Empty);
    }

    private string? Elsewhere(ReasonCode reason) =>
        reason is ReasonCode.ServerShuttingDown or ReasonCode.UseAnotherServer ? _options.ServerReference : null;

    /// <summary>Answers CONNECT with a refusal and ends the connection.</summary>
    public void Refuse(ReasonCode reason, string detail, CloseReason closeReason)
    {
        Outbox.Append(Explain(detail, properties => new ConnAckPacket(reason, false, properties).Write(Version), Elsewhere(reason)), Flushes);
        Flushes.Flush();
        Close(new CloseOrder(ReasonCode.Success, closeReason));
    }

    private async Task ServeAsync(PacketHandler handler, CancellationToken cancellationToken)
    {
        while (true)
        {
            // The barrier is for the intake: see there.
            Interlocked.Exchange(ref _inBatch, 1);
            var step = handler.Handle(_input, out var needed);
            Volatile.Write(ref _inBatch, 0);
            if (handler.HasAnswers)
            {
                // What is acknowledged is safe first.
                await _store.CommitAsync();
                handler.SendAnswers();
                Flushes.Flush();
                handler.SendRetained();
            }

            Flushes.Flush();
            switch (step)
            {
                case Step.Close:
                    return;
                case Step.AwaitMemory:
                    IsHeldBack = true;
                    await handler.Admission.WaitForMemoryAsync(cancellationToken);
                    Touch(_time.GetTimestamp());
                    IsHeldBack = false;
                    break;
                case Step.AwaitRate:
                    await handler.Admission.WaitForRateAsync(cancellationToken);
                    break;
                default:
                    if (Outbox.IsOverfull)
                    {
                        // Answers are never dropped: who does not read them is not read from.
                        await Outbox.WhenRoomyAsync().WaitAsync(cancellationToken);
                    }

                    if (!await _input.FillAsync(needed, cancellationToken))
                    {
                        return;
                    }

                    break;
            }
        }
    }

    /// <summary>A whole packet came.</summary>
    public void Touch(long now) => LastPacketAt = now;

    /// <summary>Leaves the session, once, if there is one.</summary>
    private async Task LeaveAsync(Exception? crash)
    {
        if (Client is { } client && Interlocked.Exchange(ref _hasLeft, 1) == 0)
        {
            await client.LeaveAsync(_connection.Settle(crash));
        }
    }

    private async Task EndAsync()
    {
        _input.Free();
        if (Outbox is null)
        {
            return;
        }

        var order = _closing ?? FromTransport();
        if (order is { Reason: not ReasonCode.Success } && Version == ProtocolVersion.V500 && order.CloseReason != CloseReason.ConnectionLost)
        {
            var goodbye = Explain(
                order.Detail, properties => new ReasonPacket(PacketType.Disconnect, order.Reason, properties).Write(Version), Elsewhere(order.Reason));
            Outbox.Append(goodbye, Flushes);
            Flushes.Flush();
        }

        await Outbox.WhenIdleAsync().WaitAsync(GoodbyePatience, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Outbox.Close();
    }

    /// <summary>When others end it: an operator, the quarantine or the shutdown.</summary>
    private CloseOrder? FromTransport() => _connection.Closing switch
    {
        CloseReason.Shutdown => new CloseOrder(ReasonCode.ServerShuttingDown, CloseReason.Shutdown),
        CloseReason.Disconnected => new CloseOrder(ReasonCode.AdministrativeAction, CloseReason.Disconnected),
        CloseReason.Quarantined => new CloseOrder(ReasonCode.AdministrativeAction, CloseReason.Quarantined),
        _ => null,
    };
}
