using System.Threading.Channels;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>
/// An observer in this process. It has a bounded queue of its own and is called with one message after another. When it is too slow,
/// only this observer loses messages, and they are counted.
/// </summary>
internal sealed class LocalSubscriber : Subscriber, IDisposable
{
    private const int QueueCapacity = 16_384;

    private readonly IObserver<MqttMessage> _observer;
    private readonly SubscriptionTree _tree;
    private readonly BrokerCounters _counters;
    private readonly long _maxQueuedBytes;
    private readonly Channel<MqttMessage> _queue = Channel.CreateBounded<MqttMessage>(
        new BoundedChannelOptions(QueueCapacity) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private bool _isRemoved;
    private int _disposed;
    private long _queuedBytes;

    public LocalSubscriber(
        string filter, IObserver<MqttMessage> observer, SubscriptionTree tree, BrokerCounters counters, long maxQueuedBytes)
    {
        _observer = observer;
        _tree = tree;
        _counters = counters;
        _maxQueuedBytes = maxQueuedBytes;
        Subscription = new Subscription(this, filter, QualityOfService.ExactlyOnce, noLocal: false, retainAsPublished: false, []);
    }

    public Subscription Subscription { get; }

    public override bool IsReachable => true;

    public override bool KeepsMessages => false;

    private bool IsDisposed => Volatile.Read(ref _disposed) != 0;

    /// <summary>Queues the messages that are published from now on.</summary>
    public void Begin() => _tree.Add(Subscription);

    public override void Deliver(ref Publication message, Subscription subscription, FlushSet flushes) =>
        Enqueue(MessageConversion.Make(message.Topic.Name, message.Payload, message.Properties, message.QoS, false, message.Expiry));

    /// <summary>Calls the observer until its subscription is disposed or it has been completed.</summary>
    /// <param name="retained">The retained messages, which it receives first.</param>
    /// <param name="time">The clock.</param>
    public async Task PumpAsync(IEnumerable<StoredMessage> retained, TimeProvider time)
    {
        foreach (var message in retained)
        {
            if (IsDisposed)
            {
                return;
            }

            var expiry = message.SecondsLeft(time.GetTimestamp(), time);
            _observer.OnNext(MessageConversion.Make(message.Topic.Name, message.Payload, message.Properties, message.QoS, true, expiry));
        }

        await foreach (var message in _queue.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            Interlocked.Add(ref _queuedBytes, -message.Payload.Length);
            if (IsDisposed)
            {
                return;
            }

            _observer.OnNext(message);
        }

        if (End())
        {
            _observer.OnCompleted();
        }
    }

    /// <summary>Completes the observer when it has received the queued messages. No more come.</summary>
    public void Complete()
    {
        if (!Interlocked.Exchange(ref _isRemoved, true))
        {
            _tree.Remove(Subscription);
        }

        _queue.Writer.TryComplete();
    }

    /// <summary>Handles an observer that threw: its OnError is called with the exception, unless it has already ended.</summary>
    public void Fail(Exception failure)
    {
        if (End())
        {
            _observer.OnError(failure);
        }
    }

    public void Dispose() => End();

    /// <returns>False when it had already ended.</returns>
    private bool End()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return false;
        }

        Complete();
        return true;
    }

    private void Enqueue(MqttMessage message)
    {
        var size = message.Payload.Length;
        if (Interlocked.Add(ref _queuedBytes, size) > _maxQueuedBytes || !_queue.Writer.TryWrite(message))
        {
            Interlocked.Add(ref _queuedBytes, -size);
            if (!Volatile.Read(ref _isRemoved))
            {
                _counters.AddDropped(message.QoS);
            }
        }
    }
}
