using System.Collections.Immutable;
using Cassini.Streams.Broker.Connections;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Mqtt;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>The subscribers in this process. Owns the task of each observer. Thread-safe.</summary>
internal sealed class LocalObservers(
    SubscriptionTree tree, RetainedMessages retained, BrokerOptions options, BrokerCounters counters, TimeProvider time, ILogger logger)
{
    private const int MostForAnObserver = 16_384;

    private static readonly TimeSpan LongestCompletion = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly HashSet<LocalSubscriber> _open = [];
    private readonly Dictionary<LocalSubscriber, Task> _running = [];
    private bool _completed;

    /// <summary>
    /// Calls the observer from the thread pool: first with the retained messages, then with new ones as they are published.
    /// </summary>
    /// <param name="party">Who observes.</param>
    /// <param name="filter">A valid filter.</param>
    /// <param name="observer">Completes at once after <see cref="CompleteAsync"/>.</param>
    /// <returns>Ends the calls.</returns>
    public IDisposable Start(LocalParty party, string filter, IObserver<MqttMessage> observer)
    {
        var subscriber = new LocalSubscriber(
            party, [filter], new LocalLimits(MostForAnObserver, options.MaxQueuedBytes), tree, counters, time);
        subscriber.Begin(retained);
        bool isRunning;
        lock (_lock)
        {
            isRunning = !_completed;
            if (isRunning)
            {
                _open.Add(subscriber);
                _running.Add(subscriber, Task.Run(() => RunAsync(subscriber, observer)));
            }
        }

        if (!isRunning)
        {
            subscriber.Dispose();
            subscriber.Discard();
            observer.OnCompleted();
        }

        return subscriber;
    }

    /// <summary>
    /// Subscribes for a reader, which calls <see cref="Close"/> at the end. Has ended at once after <see cref="CompleteAsync"/>.
    /// </summary>
    /// <param name="party">Who subscribes.</param>
    /// <param name="filters">Valid filters that are not shared.</param>
    /// <param name="limits">How much may wait for the reader.</param>
    /// <param name="denied">The filter that the rules do not allow; null when they allow all.</param>
    /// <returns>Null when the rules do not allow one.</returns>
    public LocalSubscriber? TryOpen(LocalParty party, ImmutableArray<string> filters, LocalLimits limits, out string? denied)
    {
        denied = DeniedOf(party, filters);
        if (denied is not null)
        {
            return null;
        }

        var subscriber = new LocalSubscriber(party, filters, limits, tree, counters, time);
        subscriber.Begin(retained);
        bool isOpen;
        lock (_lock)
        {
            isOpen = !_completed;
            _open.Add(subscriber);
        }

        // Rules that have changed since then are not judged by others, who may have looked at the subscribers before.
        denied = DeniedOf(party, filters);
        if (denied is not null)
        {
            Close(subscriber);
            return null;
        }

        if (!isOpen)
        {
            subscriber.Complete();
        }

        return subscriber;
    }

    /// <summary>A reader of <see cref="TryOpen"/> reads no more.</summary>
    public void Close(LocalSubscriber subscriber)
    {
        lock (_lock)
        {
            _open.Remove(subscriber);
        }

        subscriber.Dispose();
        subscriber.Discard();
    }

    /// <summary>Ends the subscribers that the rules in force no longer allow.</summary>
    /// <returns>How many subscriptions were removed.</returns>
    public int Review()
    {
        List<LocalSubscriber> open;
        lock (_lock)
        {
            open = [.. _open];
        }

        var removed = 0;
        foreach (var subscriber in open)
        {
            if (subscriber.Denied is null
                && DeniedOf(subscriber.Party, [.. subscriber.Subscriptions.Select(subscription => subscription.Filter)]) is { } denied)
            {
                subscriber.Revoke(denied);
                removed += subscriber.Subscriptions.Length;
            }
        }

        return removed;
    }

    /// <summary>Completes every subscriber: it may still receive the messages that wait for it.</summary>
    /// <returns>Completes when all observers have returned, and at the latest after two seconds.</returns>
    public async Task CompleteAsync()
    {
        List<LocalSubscriber> open;
        List<Task> running;
        lock (_lock)
        {
            _completed = true;
            open = [.. _open];
            running = [.. _running.Values];
        }

        foreach (var subscriber in open)
        {
            subscriber.Complete();
        }

        await Task.WhenAll(running).WaitAsync(LongestCompletion, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static string? DeniedOf(LocalParty party, ImmutableArray<string> filters) =>
        party.Rights is not { } rights ? null
        : filters.FirstOrDefault(filter => !rights.MaySubscribe(MqttText.Encode(filter)));

    private async Task RunAsync(LocalSubscriber subscriber, IObserver<MqttMessage> observer)
    {
        try
        {
            await PumpAsync(subscriber, observer).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            BrokerLog.ObserverFailed(logger, subscriber.Subscriptions[0].Filter, failure);
            Fail(subscriber, observer, failure);
        }
        finally
        {
            lock (_lock)
            {
                _running.Remove(subscriber);
            }

            Close(subscriber);
        }
    }

    /// <summary>Calls the observer until its subscription is disposed or it has been completed.</summary>
    private static async Task PumpAsync(LocalSubscriber subscriber, IObserver<MqttMessage> observer)
    {
        do
        {
            while (subscriber.TryRead(out var read))
            {
                observer.OnNext(read.Message);
            }
        }
        while (await subscriber.WaitAsync().ConfigureAwait(false));

        if (subscriber.TryClose())
        {
            observer.OnCompleted();
        }
    }

    /// <summary>Handles an observer that threw: its OnError is called with the exception, unless it has already ended.</summary>
    private void Fail(LocalSubscriber subscriber, IObserver<MqttMessage> observer, Exception failure)
    {
        try
        {
            if (subscriber.TryClose())
            {
                observer.OnError(failure);
            }
        }
        catch (Exception another)
        {
            BrokerLog.ObserverFailed(logger, subscriber.Subscriptions[0].Filter, another);
        }
    }
}
