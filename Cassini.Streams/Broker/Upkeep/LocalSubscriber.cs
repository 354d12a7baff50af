using System.Collections.Immutable;
using System.Threading.Channels;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>
/// A subscriber in this process: a bounded queue that one reader empties, at its own pace. When that is too slow, only this subscriber
/// loses messages, and they are counted. Thread-safe, but for the reader's part.
/// </summary>
internal sealed class LocalSubscriber : Subscriber, IDisposable
{
    /// <summary>The memory of a message beside its bytes.</summary>
    private const int Overhead = 200;

    private readonly LocalParty _party;
    private readonly LocalLimits _limits;
    private readonly SubscriptionTree _tree;
    private readonly BrokerCounters _counters;
    private readonly TimeProvider _time;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<LocalMessage> _queue;
    private readonly int _cost;

    private IEnumerator<StoredMessage>? _retained;
    private string? _denied;
    private bool _isRemoved;
    private int _closed;
    private long _queuedBytes;
    private long _dropped;

    /// <param name="party">Who subscribes, and pays for what waits.</param>
    /// <param name="filters">Valid filters.</param>
    /// <param name="limits">How much may wait.</param>
    /// <param name="tree">Where it subscribes.</param>
    /// <param name="counters">Count what it loses.</param>
    /// <param name="time">The one clock.</param>
    public LocalSubscriber(
        LocalParty party, ImmutableArray<string> filters, LocalLimits limits, SubscriptionTree tree, BrokerCounters counters,
        TimeProvider time)
    {
        _party = party;
        _limits = limits;
        _tree = tree;
        _counters = counters;
        _time = time;
        _queue = Channel.CreateBounded<LocalMessage>(
            new BoundedChannelOptions(limits.Messages) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
        Subscriptions =
        [
            .. filters.Select(filter => new Subscription(
                this, filter, QualityOfService.ExactlyOnce, noLocal: false, retainAsPublished: false, [])),
        ];
        _cost = Subscriptions.Sum(subscription => subscription.Cost);
    }

    public LocalParty Party => _party;

    public ImmutableArray<Subscription> Subscriptions { get; }

    public override bool IsReachable => true;

    public override bool KeepsMessages => false;

    /// <summary>How many messages it has lost.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>The filter that the rules no longer allow, and for which it has ended; null when that is not why.</summary>
    public string? Denied => Volatile.Read(ref _denied);

    /// <summary>Whether its reader has given it up.</summary>
    public bool IsClosed => Volatile.Read(ref _closed) != 0;

    /// <summary>Completes when no more messages come: the broker stops, the rules no longer allow it, or its reader gave it up.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Queues the messages that are published from now on. Those that are retained are read before them.</summary>
    /// <param name="retained">The retained messages.</param>
    public void Begin(RetainedMessages retained)
    {
        _party.Memory.Take(_cost);
        foreach (var subscription in Subscriptions)
        {
            _tree.Add(subscription);
        }

        _retained = RetainedFor(retained).GetEnumerator();
    }

    public override void Deliver(ref Publication message, Subscription subscription, FlushSet flushes)
    {
        var kept = Math.Min(message.Payload.Length, _limits.Payload);
        var cost = Overhead + kept + (3 * message.Properties.Length);

        // Before the message is copied: whoever publishes does the copying, also for a reader that has stopped.
        if (_queue.Reader.Count >= _limits.Messages || !TryTake(cost))
        {
            Lose(message.QoS);
            return;
        }

        var made = MessageConversion.Make(
            message.Topic.Name, message.Payload[..kept], message.Properties, message.QoS, false, message.Expiry);
        if (!_queue.Writer.TryWrite(new LocalMessage(made, message.Payload.Length, message.ReceivedAt, cost)))
        {
            Return(cost);
            Lose(message.QoS);
        }
    }

    /// <summary>Takes the next message: first those that are retained, then those that were published. For the reader.</summary>
    /// <returns>False when there is none now, or none is to be read any more.</returns>
    public bool TryRead(out LocalMessage message)
    {
        message = default;
        if (IsClosed || Denied is not null)
        {
            return false;
        }

        if (_retained is not null)
        {
            if (_retained.MoveNext())
            {
                message = Make(_retained.Current);
                return true;
            }

            _retained.Dispose();
            _retained = null;
        }

        while (_queue.Reader.TryRead(out message))
        {
            Return(message.Cost);
            if (TryAge(ref message))
            {
                return true;
            }

            _counters.AddExpired();
        }

        return false;
    }

    /// <summary>Waits until there is a message to read. For the reader.</summary>
    /// <returns>False when no more come.</returns>
    public async Task<bool> WaitAsync() =>
        await _queue.Reader.WaitToReadAsync().ConfigureAwait(false) && !IsClosed && Denied is null;

    /// <summary>No more messages come; those that wait may be read.</summary>
    public void Complete()
    {
        if (!Interlocked.Exchange(ref _isRemoved, true))
        {
            foreach (var subscription in Subscriptions)
            {
                _tree.Remove(subscription);
            }

            _party.Memory.Return(_cost);
        }

        _queue.Writer.TryComplete();
        _ended.TrySetResult();
    }

    /// <summary>The rules no longer allow a filter: no more messages come, and none that waits may be read.</summary>
    public void Revoke(string filter)
    {
        Interlocked.CompareExchange(ref _denied, filter, null);
        Complete();
    }

    /// <summary>The reader gives it up, or has read everything. Any thread.</summary>
    /// <returns>False when that was said before.</returns>
    public bool TryClose()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
        {
            return false;
        }

        Complete();
        return true;
    }

    public void Dispose() => TryClose();

    /// <summary>Gives back the memory of what was not read. For the reader, at the very end.</summary>
    public void Discard()
    {
        _retained?.Dispose();
        _retained = null;
        while (_queue.Reader.TryRead(out var queued))
        {
            Return(queued.Cost);
        }
    }

    /// <summary>A shared subscription gets no retained messages (§4.8.2), and none is read twice for two filters.</summary>
    private IEnumerable<StoredMessage> RetainedFor(RetainedMessages retained)
    {
        var read = new List<byte[]>();
        foreach (var subscription in Subscriptions.Where(subscription => subscription.Share is null))
        {
            var filter = MqttText.Encode(subscription.Filter);
            foreach (var message in retained.Match(filter, subscription.Place))
            {
                if (!read.Exists(before => TopicFilter.Matches(before, message.Topic.Utf8)))
                {
                    yield return message;
                }
            }

            read.Add(filter);
        }
    }

    /// <summary>Subtracts the time that it waited from the message expiry interval [MQTT-3.3.2-6].</summary>
    /// <returns>False when it has expired [MQTT-3.3.2-5].</returns>
    private bool TryAge(ref LocalMessage message)
    {
        if (message is { ReceivedAt: { } at, Message.ExpiresAfter: { } interval })
        {
            var left = interval - _time.GetElapsedTime(at);
            var seconds = TimeSpan.FromSeconds(Math.Ceiling(left.TotalSeconds));
            message = message with { Message = message.Message with { ExpiresAfter = seconds } };
            return left > TimeSpan.Zero;
        }

        return true;
    }

    private LocalMessage Make(StoredMessage message)
    {
        var expiry = message.SecondsLeft(_time.GetTimestamp(), _time);
        var payload = message.Payload.AsSpan(0, Math.Min(message.Payload.Length, _limits.Payload));
        var made = MessageConversion.Make(message.Topic.Name, payload, message.Properties, message.QoS, true, expiry);
        return new LocalMessage(made, message.Payload.Length, null, 0);
    }

    private bool TryTake(int cost)
    {
        if (Interlocked.Add(ref _queuedBytes, cost) <= _limits.Bytes && !_party.Memory.IsOverShare)
        {
            _party.Memory.Take(cost);
            return true;
        }

        Interlocked.Add(ref _queuedBytes, -cost);
        return false;
    }

    private void Return(int cost)
    {
        Interlocked.Add(ref _queuedBytes, -cost);
        _party.Memory.Return(cost);
    }

    private void Lose(QualityOfService qos)
    {
        if (!Volatile.Read(ref _isRemoved))
        {
            Interlocked.Increment(ref _dropped);
            _counters.AddDropped(qos);
        }
    }
}
