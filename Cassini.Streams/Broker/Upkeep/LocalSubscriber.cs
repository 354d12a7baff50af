using System.Threading.Channels;
using Cassini.Streams.Broker.Connections;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Mqtt;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>
/// An observer within this process. It has a bounded queue of its own and is called from the pool, one message after another;
/// when it is too slow, it alone loses messages, and one that throws is let go.
/// </summary>
internal sealed class LocalSubscriber : Subscriber, IDisposable
{
    private const int QueueCapacity = 16_384;

    private readonly SubscriptionTree _tree;
    private readonly BrokerOptions _options;
    private readonly BrokerCounters _counters;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Subscription _subscription;
    private readonly IObserver<MqttMessage> _observer;
    private readonly Channel<MqttMessage> _queue = Channel.CreateBounded<MqttMessage>(
        new BoundedChannelOptions(QueueCapacity) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private int _disposed;
    private long _queuedBytes;

    private LocalSubscriber(
        SubscriptionTree tree,
        BrokerOptions options,
        BrokerCounters counters,
        TimeProvider time,
        ILogger logger,
        string filter,
        IObserver<MqttMessage> observer)
    {
        _tree = tree;
        _options = options;
        _counters = counters;
        _time = time;
        _logger = logger;
        _observer = observer;
        _subscription = new Subscription(this, filter, QualityOfService.ExactlyOnce, noLocal: false, retainAsPublished: false, []);
    }

    public override bool IsReachable => true;

    public override bool KeepsMessages => false;

    /// <summary>Begins with what is retained, then goes on with what is published.</summary>
    public static LocalSubscriber Start(
        SubscriptionTree tree,
        RetainedMessages retained,
        BrokerOptions options,
        BrokerCounters counters,
        TimeProvider time,
        ILogger logger,
        string filter,
        IObserver<MqttMessage> observer)
    {
        var subscriber = new LocalSubscriber(tree, options, counters, time, logger, filter, observer);
        tree.Add(subscriber._subscription);
        TopicFilter.TrySplit(MqttText.Encode(filter), out var share, out var inner);
        var first = share.IsEmpty ? retained.Match(inner) : [];
        _ = Task.Run(() => subscriber.PumpAsync(first));
        return subscriber;
    }

    public override void Deliver(ref Publication message, Subscription subscription, FlushSet flushes) =>
        Enqueue(MessageConversion.Make(message.Topic.Name, message.Payload, message.Properties, message.QoS, false, message.Expiry));

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _tree.Remove(_subscription);
            _queue.Writer.TryComplete();
        }
    }

    private void Enqueue(MqttMessage message)
    {
        var size = message.Payload.Length;
        if (Interlocked.Add(ref _queuedBytes, size) > _options.MaxQueuedBytes || !_queue.Writer.TryWrite(message))
        {
            Interlocked.Add(ref _queuedBytes, -size);
            if (Volatile.Read(ref _disposed) == 0)
            {
                _counters.AddDropped(message.QoS);
            }
        }
    }

    private async Task PumpAsync(List<StoredMessage> retained)
    {
        try
        {
            foreach (var message in retained)
            {
                if (Volatile.Read(ref _disposed) != 0)
                {
                    return;
                }

                var expiry = message.SecondsLeft(_time.GetTimestamp(), _time);
                _observer.OnNext(MessageConversion.Make(message.Topic.Name, message.Payload, message.Properties, message.QoS, true, expiry));
            }

            await foreach (var message in _queue.Reader.ReadAllAsync().ConfigureAwait(false))
            {
                Interlocked.Add(ref _queuedBytes, -message.Payload.Length);
                if (Volatile.Read(ref _disposed) != 0)
                {
                    return;
                }

                _observer.OnNext(message);
            }
        }
        catch (Exception failure)
        {
            BrokerLog.ObserverFailed(_logger, _subscription.Filter, failure);
            Dispose();
        }
    }
}
