using System.Buffers;
using Cassini.Harness.Clients;
using Cassini.Harness.Plans;
using MQTTnet;
using MQTTnet.Protocol;

namespace Cassini.Harness.Load;

/// <summary>
/// A subscriber: one subscription, of which each message is judged. After a loss it opens another connection; at QoS 1 and 2 the broker
/// keeps the session meanwhile.
/// </summary>
internal sealed class SubscriberRun
{
    private const uint KeptSeconds = 300;

    private readonly LoadContext _context;
    private readonly SubscriberTracker _tracker;
    private readonly string _clientId;
    private readonly Reconnector _reconnector;
    private MqttConnection? _connection;

    public SubscriberRun(LoadContext context, PlanSubscriber subscriber)
    {
        (_context, Plan) = (context, subscriber);
        _tracker = new SubscriberTracker(context.Run, subscriber, context.SendTimes, context.Time);
        _clientId = context.ClientId(subscriber.Name);
        _reconnector = new Reconnector(cancellation => OpenAsync(isNew: false, cancellation), context.Time);
    }

    public PlanSubscriber Plan { get; }

    public SubscriberCounts Counts => _tracker.Counts with { Reconnects = _reconnector.Count, LastError = _reconnector.LastError };

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
                _connection = await _reconnector.OpenAsync(cancellation);
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

    private async Task<MqttConnection> OpenAsync(bool isNew, CancellationToken cancellation)
    {
        var options = new MqttConnectOptions(_clientId) { CleanStart = isNew, SessionExpirySeconds = Plan.Qos > 0 ? KeptSeconds : 0 };
        var connection = await MqttConnection.OpenAsync(_context.Broker, _context.Identity, options, _context.Time, Receive, cancellation);
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
            .WithTopicFilter(Plan.Topic, (MqttQualityOfServiceLevel)Plan.Qos)
            .Build();
        try
        {
            await connection.SubscribeAsync(request, cancellation);
        }
        catch (ClientException exception)
        {
            throw new ClientException($"subscriber {Plan.Name}: {exception.Message}", exception.IsLasting, exception);
        }
    }

    private void Receive(MqttApplicationMessage message)
    {
        _reconnector.Succeeded();
        var payload = message.Payload;
        _tracker.Record(payload.IsSingleSegment ? payload.FirstSpan : payload.ToArray());
    }
}
