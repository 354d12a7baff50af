using System.Net.Sockets;
using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Outgoing;
using Cassini.Streams.Events;
using Cassini.Streams.Listening.Connections;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Quotas;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Broker.Connections;

/// <summary>
/// One connection, from its first byte to its end: waits for CONNECT, has it answered, serves the client if it was accepted, and ends in an
/// orderly way whatever wants it to end. What depends on the CONNECT packet is its <see cref="ClientLink"/>'s.
/// </summary>
internal sealed class ClientConnection : IOutboxOwner
{
    private readonly ConnectReceiver _receiver;
    private readonly ConnectPhase _connecting;
    private readonly ServePhase _serving;
    private readonly Violations _violations;
    private readonly ReceiveBuffer _input;
    private readonly ILogger _logger;
    private CloseOrder? _closing;
    private bool _hasEnded;
    private int _inBatch;
    private TaskCompletionSource? _outOfBatch;

    /// <param name="transport">The transport.</param>
    /// <param name="counters">Where its traffic is counted.</param>
    /// <param name="memory">The memory of its identity.</param>
    /// <param name="work">Runs what is done for its identity on other threads.</param>
    /// <param name="receiver">Reads CONNECT.</param>
    /// <param name="connecting">Answers CONNECT.</param>
    /// <param name="serving">Serves a client that was accepted.</param>
    /// <param name="violations">Where it is reported that the peer broke the protocol.</param>
    /// <param name="logger">The log.</param>
    public ClientConnection(
        Connection transport,
        BrokerCounters counters,
        AccountMemory memory,
        IdentityWork work,
        ConnectReceiver receiver,
        ConnectPhase connecting,
        ServePhase serving,
        Violations violations,
        ILogger logger)
    {
        Transport = transport;
        Counters = counters;
        _receiver = receiver;
        _connecting = connecting;
        _serving = serving;
        _violations = violations;
        _logger = logger;
        Memory = memory;
        Work = work;
        transport.Memory = memory;
        _input = new ReceiveBuffer(transport.Stream, memory);
    }

    public Connection Transport { get; }

    /// <summary>The memory of its identity.</summary>
    public AccountMemory Memory { get; }

    /// <summary>Runs what is done for its identity on other threads.</summary>
    public IdentityWork Work { get; }

    /// <summary>Where its traffic is counted: a probe's does not count as the broker's.</summary>
    public BrokerCounters Counters { get; }

    /// <summary>What its reader's present batch must flush. For the reader alone.</summary>
    public FlushSet Flushes { get; } = new();

    /// <summary>
    /// Whether its reader is in the middle of a batch: what that takes in may not be delivered or queued yet. Any thread.
    /// </summary>
    public bool IsInBatch => Volatile.Read(ref _inBatch) != 0;

    /// <summary>Whether it is to end. Any thread.</summary>
    public bool IsClosing => Volatile.Read(ref _closing) is not null || Transport.Closing is not null;

    /// <summary>Serves the connection to its end.</summary>
    /// <remarks>One method, not several: each that waits for the client is an object for as long as the client is idle.</remarks>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            // What had come already is not handled when it was told to end before.
            if (await _receiver.ReceiveAsync(this, _input, cancellationToken) is { } connect && !IsClosing)
            {
                var link = _connecting.Open(this, connect);
                try
                {
                    if (await _connecting.AnswerAsync(link, connect, cancellationToken) is { } handler)
                    {
                        await _serving.RunAsync(link, handler, _input, cancellationToken);
                    }
                }
                catch (Exception bug) when (!IsClosing && Transport.IsBug(bug))
                {
                    // Before the end below, which tells it the client.
                    Crash(bug);
                    throw;
                }
                finally
                {
                    _input.Free();
                    await link.EndAsync(Volatile.Read(ref _closing) ?? OrderOfTransport());
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Ended by Close, by an operator, or at shutdown.
        }
        finally
        {
            _input.Free();
            Interlocked.Exchange(ref _hasEnded, true);

            // Whatever else the reader failed with: the bug came first.
            Transport.Crash?.Throw();
        }
    }

    /// <summary>Ends the connection, unless something else ends it already. Any thread.</summary>
    public void Close(CloseOrder order)
    {
        if (Interlocked.CompareExchange(ref _closing, order, null) is null)
        {
            Transport.Close(order.CloseReason);
        }
    }

    /// <summary>Ends it because the peer broke the protocol.</summary>
    public void Close(ProtocolViolation violation)
    {
        Report(violation);
        Close(new CloseOrder(violation.Reason, CloseReason.ProtocolError, violation.Message));
    }

    /// <summary>Reports that the peer broke the protocol.</summary>
    public void Report(ProtocolViolation violation) => _violations.Report(Transport, Counters, violation);

    /// <summary>
    /// A batch of packets begins. The barrier is for <see cref="Intake"/>, and for <see cref="WhenOutOfBatchAsync"/>: who is told to end
    /// before, sees it after this.
    /// </summary>
    public void BeginBatch() => Interlocked.Exchange(ref _inBatch, 1);

    public void EndBatch()
    {
        Interlocked.Exchange(ref _inBatch, 0);
        if (Volatile.Read(ref _outOfBatch) is not null)
        {
            Interlocked.Exchange(ref _outOfBatch, null)?.TrySetResult();
        }
    }

    /// <summary>
    /// Ends when its reader has been in no batch since the call. When the connection was told to end before, none of its packets is
    /// handled after that. Any thread.
    /// </summary>
    public Task WhenOutOfBatchAsync()
    {
        if (!IsInBatch)
        {
            return Task.CompletedTask;
        }

        // First the wait, then the look: a batch that ends between the two ends the wait, or is seen to have ended.
        var made = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var end = Interlocked.CompareExchange(ref _outOfBatch, made, null) ?? made;
        return IsInBatch ? end.Task : Task.CompletedTask;
    }

    void IOutboxOwner.OnSendFailed(Exception failure)
    {
        if (failure is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            Close(new CloseOrder(ReasonCode.UnspecifiedError, CloseReason.ConnectionLost));
        }
        else
        {
            Crash(failure);
        }
    }

    void IOutboxOwner.OnCrashed(Exception crash) => Crash(crash);

    /// <summary>
    /// Ends the connection because of a bug: <see cref="RunAsync"/> throws it, on whatever thread it showed. When that has ended already,
    /// the bug is logged here.
    /// </summary>
    private void Crash(Exception crash)
    {
        Transport.KeepCrash(crash);
        Close(new CloseOrder(ReasonCode.UnspecifiedError, CloseReason.Crashed));
        if (Volatile.Read(ref _hasEnded))
        {
            BrokerLog.CrashedAtTheEnd(_logger, Transport.Id, Transport.Identity, crash);
        }
    }

    /// <summary>When an operator, the quarantine, the shutdown or a rehearsal ends it.</summary>
    private CloseOrder? OrderOfTransport() => Transport.Closing switch
    {
        CloseReason.Shutdown => new CloseOrder(ReasonCode.ServerShuttingDown, CloseReason.Shutdown),
        CloseReason.Disconnected => new CloseOrder(ReasonCode.AdministrativeAction, CloseReason.Disconnected),
        CloseReason.Quarantined => new CloseOrder(ReasonCode.AdministrativeAction, CloseReason.Quarantined),
        CloseReason.CertificateRevoked => new CloseOrder(ReasonCode.NotAuthorized, CloseReason.CertificateRevoked),
        CloseReason.Crashed => new CloseOrder(ReasonCode.UnspecifiedError, CloseReason.Crashed),
        _ => null,
    };
}
