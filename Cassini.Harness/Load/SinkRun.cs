using System.Buffers;
using Cassini.Harness.Clients;
using Cassini.Harness.Plans;
using Cassini.Streams.Primitives;
using MQTTnet;
using MQTTnet.Protocol;

namespace Cassini.Harness.Load;

/// <summary>
/// A sink: one subscription whose every message is judged. After a loss it opens another connection; at QoS 1 and 2 the broker keeps
/// the session meanwhile.
/// </summary>
internal sealed class SinkRun(LoadContext context, PlanSink sink)
{
    private const uint KeptSeconds = 300;

    private readonly SinkTracker _tracker = new(context.Run, sink, context.SendTimes, context.Time);
    private readonly string _clientId = context.ClientId(sink.Name);
    private readonly BackOff _retry = BackOff.OfClient(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1));
    private MqttConnection? _connection;
    private long _reconnects;
    private string? _lastError;

    public PlanSink Plan => sink;

    public SinkCounts Counts => _tracker.Counts;

    public long Reconnects => Volatile.Read(ref _reconnects);

    public string? LastError => Volatile.Read(ref _lastError);

    /// <summary>Ends when the broker has acknowledged the subscription.</summary>
    /// <exception cref="ClientException">The broker cannot be reached, or refuses.</exception>
    public async Task SubscribeAsync(CancellationToken cancellation) => _connection = await OpenAsync(isNew: true, cancellation);

    public void Start() => _tracker.Start();

    /// <summary>Keeps the subscription until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (!cancellation.IsCancellationRequested)
            {
                await _connection!.Loss.WaitAsync(cancellation);
                await _connection!.DisposeAsync();
                await OpenAgainAsync(cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Stopped.
        }
        finally
        {
            await CloseAsync();
        }
    }

    public async Task CloseAsync()
    {
        if (_connection is { } connection)
        {
            await connection.DisposeAsync();
        }
    }

    private async Task OpenAgainAsync(CancellationToken cancellation)
    {
        // Before the first attempt too: a broker that accepts connections only to drop them must not be hammered.
        await Task.Delay(_retry.Next(), context.Time, cancellation);
        while (true)
        {
            try
            {
                _connection = await OpenAsync(isNew: false, cancellation);
                Interlocked.Increment(ref _reconnects);
                return;
            }
            catch (ClientException exception)
            {
                Volatile.Write(ref _lastError, exception.Message);
                await Task.Delay(_retry.Next(), context.Time, cancellation);
            }
        }
    }

    private async Task<MqttConnection> OpenAsync(bool isNew, CancellationToken cancellation)
    {
        var options = new MqttConnectOptions(_clientId) { CleanStart = isNew, SessionExpirySeconds = sink.Qos > 0 ? KeptSeconds : 0 };
        var connection = await MqttConnection.OpenAsync(context.Broker, context.Identity, options, context.Time, Receive, cancellation);
        try
        {
            if (!connection.HasSession)
            {
                await SubscribeAsync(connection, cancellation);
            }

            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private async Task SubscribeAsync(MqttConnection connection, CancellationToken cancellation)
    {
        var request = new MqttClientSubscribeOptionsBuilder()
            .WithTopicFilter(sink.Topic, (MqttQualityOfServiceLevel)sink.Qos)
            .Build();
        try
        {
            await connection.SubscribeAsync(request, cancellation);
        }
        catch (ClientException exception)
        {
            throw new ClientException($"sink {sink.Name}: {exception.Message}", exception.IsLasting, exception);
        }
    }

    private void Receive(MqttApplicationMessage message)
    {
        _retry.Reset();
        var payload = message.Payload;
        _tracker.Record(payload.IsSingleSegment ? payload.FirstSpan : payload.ToArray());
    }
}
