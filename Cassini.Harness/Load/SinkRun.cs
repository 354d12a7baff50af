using System.Buffers;
using Cassini.Harness.Plans;
using Cassini.Streams.Feed;
using MQTTnet;
using MQTTnet.Protocol;

namespace Cassini.Harness.Load;

/// <summary>
/// A sink: one subscription whose every message is judged. A lost connection is opened again; at QoS 1 and 2 the broker keeps the
/// session meanwhile.
/// </summary>
internal sealed class SinkRun(LoadContext context, PlanSink sink)
{
    private const uint KeptSeconds = 300;

    private readonly SinkTracker _tracker = new(context.Run, sink, context.SendTimes, context.Time);
    private readonly string _clientId = context.ClientId(sink.Name);
    private readonly RetryDelay _retry = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1));
    private MqttLink? _link;
    private long _reconnects;
    private string? _lastError;

    public PlanSink Plan => sink;

    public SinkCounts Counts => _tracker.Counts;

    public long Reconnects => Volatile.Read(ref _reconnects);

    public string? LastError => Volatile.Read(ref _lastError);

    /// <summary>Ends when the broker has acknowledged the subscription.</summary>
    /// <exception cref="HarnessException">The broker cannot be reached, or refuses.</exception>
    public async Task SubscribeAsync(CancellationToken cancellation) => _link = await OpenAsync(isNew: true, cancellation);

    public void Start() => _tracker.Start();

    /// <summary>Keeps the subscription until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (!cancellation.IsCancellationRequested)
            {
                await LossAsync(_link!, cancellation);
                await _link!.DisposeAsync();
                await OpenAgainAsync(cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Told to end.
        }
        finally
        {
            await CloseAsync();
        }
    }

    public async Task CloseAsync()
    {
        if (_link is { } link)
        {
            await link.DisposeAsync();
        }
    }

    private static async Task LossAsync(MqttLink link, CancellationToken cancellation)
    {
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (link.Lost.Register(() => lost.TrySetResult()))
        {
            await lost.Task.WaitAsync(cancellation);
        }
    }

    private async Task OpenAgainAsync(CancellationToken cancellation)
    {
        // Before the first attempt too: a connection that is opened only to be lost again is not to be hammered.
        await Task.Delay(_retry.Next(), context.Time, cancellation);
        while (true)
        {
            try
            {
                _link = await OpenAsync(isNew: false, cancellation);
                Interlocked.Increment(ref _reconnects);
                return;
            }
            catch (HarnessException exception)
            {
                Volatile.Write(ref _lastError, exception.Message);
                await Task.Delay(_retry.Next(), context.Time, cancellation);
            }
        }
    }

    private async Task<MqttLink> OpenAsync(bool isNew, CancellationToken cancellation)
    {
        var session = new MqttSession(_clientId, isNew, sink.Qos > 0 ? KeptSeconds : 0);
        var link = await MqttLink.OpenAsync(context.Broker, context.Identity, session, context.Time, Receive, cancellation);
        try
        {
            if (!link.HasSession)
            {
                await SubscribeAsync(link, cancellation);
            }

            return link;
        }
        catch (Exception exception) when (MqttLink.IsConnectionTrouble(exception) && exception is not HarnessException && !cancellation.IsCancellationRequested)
        {
            await link.DisposeAsync();
            throw new HarnessException($"sink {sink.Name}: subscribing to '{sink.Topic}': {MqttLink.Words(exception)}", exception);
        }
        catch
        {
            await link.DisposeAsync();
            cancellation.ThrowIfCancellationRequested();
            throw;
        }
    }

    private async Task SubscribeAsync(MqttLink link, CancellationToken cancellation)
    {
        var answer = await link.Client.SubscribeAsync(sink.Topic, (MqttQualityOfServiceLevel)sink.Qos, cancellation);
        var code = answer.Items.Single().ResultCode;
        if ((int)code >= 0x80)
        {
            throw new HarnessException($"sink {sink.Name}: the broker refused the subscription to '{sink.Topic}': {code}");
        }
    }

    private Task Receive(MqttApplicationMessageReceivedEventArgs received)
    {
        _retry.Reset();
        var payload = received.ApplicationMessage.Payload;
        _tracker.Record(payload.IsSingleSegment ? payload.FirstSpan : payload.ToArray());
        return Task.CompletedTask;
    }
}
