using Cassini.Streams.Broker.Connections;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Mqtt;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>The observers in this process. Owns the task of each observer. Thread-safe.</summary>
internal sealed class LocalObservers(
    SubscriptionTree tree, RetainedMessages retained, BrokerOptions options, BrokerCounters counters, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan LongestCompletion = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly Dictionary<LocalSubscriber, Task> _running = [];
    private bool _completed;

    /// <summary>
    /// Calls the observer from the thread pool: first with the retained messages, then with new ones as they are published.
    /// </summary>
    /// <param name="filter">A valid filter.</param>
    /// <param name="observer">Completes at once after <see cref="CompleteAsync"/>.</param>
    /// <returns>Ends the calls.</returns>
    public IDisposable Start(string filter, IObserver<MqttMessage> observer)
    {
        var subscriber = new LocalSubscriber(filter, observer, tree, counters, options.MaxQueuedBytes);
        subscriber.Begin();
        bool isRunning;
        lock (_lock)
        {
            isRunning = !_completed;
            if (isRunning)
            {
                _running.Add(subscriber, Task.Run(() => RunAsync(subscriber)));
            }
        }

        if (!isRunning)
        {
            subscriber.Dispose();
            observer.OnCompleted();
        }

        return subscriber;
    }

    /// <summary>Completes every observer when it has received the messages that wait for it.</summary>
    /// <returns>Completes when all observers have returned, and at the latest after two seconds.</returns>
    public async Task CompleteAsync()
    {
        List<KeyValuePair<LocalSubscriber, Task>> running;
        lock (_lock)
        {
            _completed = true;
            running = [.. _running];
        }

        foreach (var (subscriber, _) in running)
        {
            subscriber.Complete();
        }

        var ended = Task.WhenAll(running.Select(pair => pair.Value));
        await ended.WaitAsync(LongestCompletion, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task RunAsync(LocalSubscriber subscriber)
    {
        try
        {
            await subscriber.PumpAsync(RetainedFor(subscriber.Subscription), time).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            BrokerLog.ObserverFailed(logger, subscriber.Subscription.Filter, failure);
            Fail(subscriber, failure);
        }
        finally
        {
            lock (_lock)
            {
                _running.Remove(subscriber);
            }
        }
    }

    /// <summary>A shared subscription gets no retained messages (§4.8.2).</summary>
    private IEnumerable<StoredMessage> RetainedFor(Subscription subscription)
    {
        TopicFilter.TrySplit(MqttText.Encode(subscription.Filter), out var share, out var inner);
        return share.IsEmpty ? retained.Match(inner, subscription.Place) : [];
    }

    private void Fail(LocalSubscriber subscriber, Exception failure)
    {
        try
        {
            subscriber.Fail(failure);
        }
        catch (Exception another)
        {
            BrokerLog.ObserverFailed(logger, subscriber.Subscription.Filter, another);
        }
    }
}
