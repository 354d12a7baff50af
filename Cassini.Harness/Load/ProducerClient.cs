using System.Runtime.ExceptionServices;
using Cassini.Harness.Clients;
using Cassini.Harness.Plans;
using Cassini.Streams.Primitives;
using MQTTnet;
using MQTTnet.Protocol;

namespace Cassini.Harness.Load;

/// <summary>
/// One client of a producer. At QoS 1 and 2 it keeps what is not acknowledged and sends it again, in order and before anything new, when
/// its connection was lost: as new messages with the sequences that they had, so that a sink can tell.
/// </summary>
internal sealed class ProducerClient(LoadContext context, PlanProducer producer, int index)
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<long, byte[]> _pending = [];
    private readonly MessageFactory _messages = new(context.Run, producer, index);
    private readonly SendTimes.Ring? _sendTimes = context.SendTimes?.Of(producer.Index, index);
    private readonly string _clientId = context.ClientId($"{producer.Name}-{index}");
    private SemaphoreSlim _slots = null!;
    private int _window;
    private readonly BackOff _retry = BackOff.OfClient(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1));
    private MqttConnection? _connection;
    private int _outstanding;
    private TaskCompletionSource? _idle;
    private long _sent, _acknowledged, _failed, _retransmitted, _reconnects;
    private string? _lastError;
    private readonly CancellationTokenSource _broken = new();
    private volatile ExceptionDispatchInfo? _defect;

    public ProducerCounts Counts => new()
    {
        Sent = Volatile.Read(ref _sent),
        Acknowledged = Volatile.Read(ref _acknowledged),
        Failed = Volatile.Read(ref _failed),
        Retransmitted = Volatile.Read(ref _retransmitted),
        Reconnects = Volatile.Read(ref _reconnects),
        Bytes = Volatile.Read(ref _acknowledged) * producer.MessageSize,
        LastError = Volatile.Read(ref _lastError),
    };

    /// <exception cref="ClientException">The broker cannot be reached, or refuses.</exception>
    public async Task ConnectAsync(CancellationToken cancellation)
    {
        _connection = await OpenAsync(cancellation);
        _window = Math.Min(producer.InFlight, _connection.ReceiveMaximum);
        _slots = new SemaphoreSlim(_window);
    }

    /// <summary>Sends until messages or duration are used up and everything is acknowledged.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _broken.Token);
        try
        {
            await SendAllAsync(end.Token);
        }
        catch (OperationCanceledException) when (_defect is not null)
        {
            _defect.Throw();
        }
        finally
        {
            await CloseAsync();
        }
    }

    /// <summary>Ends the connection, and waits for whatever was under way on it.</summary>
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
        var began = context.Time.GetTimestamp();
        var pacer = new Pacer(producer.Pattern, context.Time);
        var messages = producer.MessagesOf(index) ?? long.MaxValue;
        while (_sent < messages && !(context.Time.GetElapsedTime(began) >= producer.Duration))
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
        if (producer.Qos > 0)
        {
            await TakeSlotAsync(cancellation);
        }

        var connection = await ConnectionAsync(cancellation);
        var sequence = _sent;
        var payload = _messages.Make(sequence);
        _sendTimes?.Put(sequence, context.Time.GetTimestamp());
        Volatile.Write(ref _sent, sequence + 1);
        if (producer.Qos == 0)
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
            Volatile.Write(ref _lastError, exception.Message);
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
                Volatile.Write(ref _lastError, ConnectionFailure.Refused(answer, producer.Topic, context.Broker).Message);
            }

            _retry.Reset();
            Interlocked.Increment(ref answer.IsSuccess ? ref _acknowledged : ref _failed);
            lock (_gate)
            {
                _pending.Remove(sequence);
            }

            _slots.Release();
        }
        catch (ClientException exception)
        {
            // It stays pending, and goes out again on the next connection.
            Volatile.Write(ref _lastError, exception.Message);
        }
        catch (OperationCanceledException) when (connection.Lost.IsCancellationRequested)
        {
            // Closed here. It stays pending.
        }
        catch (Exception defect)
        {
            Break(defect);
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

    /// <summary>Ends the run with an exception that is nobody's answer: the message that it concerns would never be acknowledged.</summary>
    private void Break(Exception defect)
    {
        _defect ??= ExceptionDispatchInfo.Capture(defect);
        _ = _broken.CancelAsync(); // Not on this thread: it may be the one that reads from the broker.
    }

    /// <summary>While every place in the window is taken only the connection's end can bring us on: then it is opened again.</summary>
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

        await CloseAsync(); // So that nothing of the old connection is under way when its messages go out again.
        // Before the first attempt too: a connection that is opened only to be lost again is not to be hammered.
        await Task.Delay(_retry.Next(), context.Time, cancellation);
        while (true)
        {
            try
            {
                _connection = await OpenAsync(cancellation);
                Interlocked.Increment(ref _reconnects);
                SendAgain(_connection);
                return _connection;
            }
            catch (ClientException exception)
            {
                Volatile.Write(ref _lastError, exception.Message);
                await Task.Delay(_retry.Next(), context.Time, cancellation);
            }
        }
    }

    private void SendAgain(MqttConnection connection)
    {
        KeyValuePair<long, byte[]>[] again;
        lock (_gate)
        {
            again = [.. _pending];
        }

        foreach (var (sequence, payload) in again)
        {
            Interlocked.Increment(ref _retransmitted);
            Dispatch(connection, sequence, payload);
        }
    }

    private Task<MqttConnection> OpenAsync(CancellationToken cancellation) =>
        MqttConnection.OpenAsync(context.Broker, context.Identity, new MqttConnectOptions(_clientId), context.Time, null, cancellation);

    private MqttApplicationMessage Message(byte[] payload) => new()
    {
        Topic = producer.Topic,
        PayloadSegment = payload,
        QualityOfServiceLevel = (MqttQualityOfServiceLevel)producer.Qos,
    };
}
