using Cassini.Harness.Clients;
using Cassini.Harness.Plans;
using MQTTnet;
using MQTTnet.Protocol;

namespace Cassini.Harness.Load;

/// <summary>
/// One client of a publisher. At QoS 1 and 2 it keeps each message until the broker has acknowledged it. After a loss of the connection it
/// sends these messages again, in order and before any other: as new messages with the sequences that they had, so that a subscriber
/// recognizes duplicates.
/// </summary>
internal sealed class PublisherClient
{
    private readonly LoadContext _context;
    private readonly PlanPublisher _publisher;
    private readonly int _index;
    private readonly Lock _gate = new();
    private readonly SortedDictionary<long, byte[]> _pending = [];
    private readonly MessageFactory _messages;
    private readonly SendTimes.Ring? _sendTimes;
    private readonly string _clientId;
    private readonly SemaphoreSlim _slots;
    private readonly Reconnector _reconnector;
    private readonly TaskCompletionSource _defect = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _window;
    private MqttConnection? _connection;
    private int _outstanding;
    private TaskCompletionSource? _idle;
    private long _sent, _acknowledged, _failed, _retransmitted;

    public PublisherClient(LoadContext context, PlanPublisher publisher, int index)
    {
        (_context, _publisher, _index) = (context, publisher, index);
        _messages = new MessageFactory(context.Run, publisher, index);
        _sendTimes = context.SendTimes?.Of(publisher.Index, index);
        _clientId = context.ClientId($"{publisher.Name}-{index}");
        _slots = new SemaphoreSlim(publisher.InFlight);
        _reconnector = new Reconnector(OpenAsync, context.Time);
    }

    public PublisherCounts Counts => new()
    {
        Sent = Volatile.Read(ref _sent),
        Acknowledged = Volatile.Read(ref _acknowledged),
        Failed = Volatile.Read(ref _failed),
        Retransmitted = Volatile.Read(ref _retransmitted),
        Reconnects = _reconnector.Count,
        Bytes = Volatile.Read(ref _acknowledged) * _publisher.MessageSize,
        LastError = _reconnector.LastError,
    };

    /// <exception cref="ClientException">The broker cannot be reached, or refuses.</exception>
    public async Task ConnectAsync(CancellationToken cancellation)
    {
        _connection = await OpenAsync(cancellation);
        _window = Math.Min(_publisher.InFlight, _connection.ReceiveMaximum);
        for (var i = _window; i < _publisher.InFlight; i++)
        {
            _slots.Wait(0, CancellationToken.None); // The broker takes fewer messages at once than the plan allows.
        }
    }

    /// <summary>Sends until messages or duration are used up and the broker has acknowledged all of them.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var sending = SendAllAsync(end.Token);
        try
        {
            await await Task.WhenAny(sending, _defect.Task);
        }
        finally
        {
            await end.CancelAsync();
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // Awaited above, unless a defect ended the run.
            await CloseAsync();
        }
    }

    /// <summary>Closes the connection, and waits for the messages that are under way on it.</summary>
    public async Task CloseAsync()
    {
        if (_connection is { } connection)
        {
            await connection.DisposeAsync();
        }

        Task idle;
        lock (_gate)
        {
            idle = _outstanding == 0 ? Task.CompletedTask : (_idle ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }

        await idle;
    }

    private async Task SendAllAsync(CancellationToken cancellation)
    {
        var began = _context.Time.GetTimestamp();
        var pacer = new Pacer(_publisher.Pattern, _context.Time);
        var messages = _publisher.MessagesOf(_index) ?? long.MaxValue;
        while (_sent < messages && !(_context.Time.GetElapsedTime(began) >= _publisher.Duration))
        {
            await pacer.WaitAsync(cancellation);
            await SendNextAsync(cancellation);
        }

        for (var i = 0; i < _window; i++)
        {
            await TakeSlotAsync(cancellation); // All of them are free when nothing is under way.
        }
    }

    private async ValueTask SendNextAsync(CancellationToken cancellation)
    {
        if (_publisher.Qos > 0)
        {
            await TakeSlotAsync(cancellation);
        }

        var connection = await ConnectionAsync(cancellation);
        var sequence = _sent;
        var payload = _messages.Make(sequence);
        _sendTimes?.Put(sequence, _context.Time.GetTimestamp());
        Volatile.Write(ref _sent, sequence + 1);
        if (_publisher.Qos == 0)
        {
            await PublishOnceAsync(connection, payload, cancellation);
            return;
        }

        lock (_gate)
        {
            _pending[sequence] = payload;
        }

        Dispatch(connection, sequence, payload);
    }

    private async ValueTask PublishOnceAsync(MqttConnection connection, byte[] payload, CancellationToken cancellation)
    {
        try
        {
            await connection.PublishAsync(Message(payload), cancellation);
            Interlocked.Increment(ref _acknowledged);
        }
        catch (ClientException exception)
        {
            cancellation.ThrowIfCancellationRequested();
            Interlocked.Increment(ref _failed);
            _reconnector.LastError = exception.Message;
        }
    }

    /// <summary>Gives a message to the connection without waiting for the answer. Order is the order of the calls.</summary>
    private void Dispatch(MqttConnection connection, long sequence, byte[] payload)
    {
        lock (_gate)
        {
            _outstanding++;
        }

        _ = CompleteAsync(connection, sequence, payload); // CloseAsync waits for it.
    }

    private async Task CompleteAsync(MqttConnection connection, long sequence, byte[] payload)
    {
        try
        {
            var answer = await connection.PublishAsync(Message(payload), connection.Lost);
            if (!answer.IsSuccess)
            {
                _reconnector.LastError = ConnectionFailure.Refused(answer, _publisher.Topic, _context.Broker).Message;
            }

            _reconnector.Succeeded();
            Interlocked.Increment(ref answer.IsSuccess ? ref _acknowledged : ref _failed);
            lock (_gate)
            {
                _pending.Remove(sequence);
            }

            _slots.Release();
        }
        catch (ClientException exception)
        {
            // The message stays pending, and is sent again on the next connection.
            _reconnector.LastError = exception.Message;
        }
        catch (OperationCanceledException) when (connection.Lost.IsCancellationRequested)
        {
            // Closed here. The message stays pending.
        }
        catch (Exception defect)
        {
            _defect.TrySetException(defect); // It ends the run, because this message would never be acknowledged.
        }
        finally
        {
            TaskCompletionSource? idle = null;
            lock (_gate)
            {
                if (--_outstanding == 0)
                {
                    (idle, _idle) = (_idle, null);
                }
            }

            idle?.SetResult();
        }
    }

    /// <summary>Waits for a free slot. While there is none, only a loss of the connection needs work here: it is opened again.</summary>
    private async ValueTask TakeSlotAsync(CancellationToken cancellation)
    {
        while (!_slots.Wait(0, CancellationToken.None))
        {
            var connection = await ConnectionAsync(cancellation);
            try
            {
                using var either = CancellationTokenSource.CreateLinkedTokenSource(connection.Lost, cancellation);
                await _slots.WaitAsync(either.Token);
                return;
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                // Lost: look again.
            }
        }
    }

    /// <summary>The connection, opened again if it was lost.</summary>
    private async ValueTask<MqttConnection> ConnectionAsync(CancellationToken cancellation)
    {
        if (!_connection!.Lost.IsCancellationRequested)
        {
            return _connection;
        }

        await CloseAsync(); // So that nothing of the old connection is under way when its messages are sent again.
        _connection = await _reconnector.OpenAsync(cancellation);
        KeyValuePair<long, byte[]>[] again;
        lock (_gate)
        {
            again = [.. _pending];
        }

        foreach (var (sequence, payload) in again)
        {
            Interlocked.Increment(ref _retransmitted);
            Dispatch(_connection, sequence, payload);
        }

        return _connection;
    }

    private Task<MqttConnection> OpenAsync(CancellationToken cancellation) => MqttConnection.OpenAsync(
        _context.Broker, _context.Identity, new MqttConnectOptions(_clientId), _context.Time, null, cancellation);

    private MqttApplicationMessage Message(byte[] payload) => new()
    {
        Topic = _publisher.Topic,
        PayloadSegment = payload,
        QualityOfServiceLevel = (MqttQualityOfServiceLevel)_publisher.Qos,
    };
}
