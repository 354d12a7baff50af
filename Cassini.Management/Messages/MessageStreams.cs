using System.Collections.Immutable;
using System.Net;
using Cassini.Management.Access;
using Cassini.Streams.Broker.Upkeep;

namespace Cassini.Management.Messages;

/// <summary>All open streams of messages: the limit, their counters, and their end at shutdown. Thread-safe.</summary>
/// <param name="client">Who subscribes.</param>
/// <param name="places">An open stream takes a slot.</param>
/// <param name="heartbeat">The longest silence of a stream.</param>
/// <param name="time">The one clock.</param>
internal sealed class MessageStreams(LocalClient client, SharedPlaces places, TimeSpan heartbeat, TimeProvider time)
{
    /// <summary>What may wait for one reader.</summary>
    private static readonly LocalLimits Limits = new(Messages: 4_096, Bytes: 4 * 1024 * 1024, PayloadText.Most);

    private readonly Lock _lock = new();
    private readonly HashSet<LocalSubscriber> _open = [];
    private long _droppedOfClosed;
    private long _sent;
    private bool _isStopping;

    /// <summary>Streams that are open.</summary>
    public int Count => places.Count;

    /// <summary>Messages that were sent to all.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>Messages that readers were too slow for.</summary>
    public long Dropped
    {
        get
        {
            lock (_lock)
            {
                return _droppedOfClosed + _open.Sum(subscriber => subscriber.Dropped);
            }
        }
    }

    public TimeSpan Heartbeat => heartbeat;

    public TimeProvider Time => time;

    public LocalClient Client => client;

    /// <summary>Takes a slot, until <see cref="GiveBack"/>.</summary>
    /// <inheritdoc cref="SharedPlaces.Take"/>
    public (int Status, string Sentence)? Take(IPAddress? caller) => places.Take(caller);

    public void GiveBack(IPAddress? caller) => places.GiveBack(caller);

    /// <summary>Subscribes, until <see cref="Close"/>. After <see cref="Stop"/> it has ended at once.</summary>
    /// <inheritdoc cref="LocalClient.TryOpen"/>
    public LocalSubscriber? TryOpen(
        ImmutableArray<string> filters, string? remoteAddress, out LocalRefusal refusal, out string? denied)
    {
        if (client.TryOpen(filters, Limits, remoteAddress, out refusal, out denied) is not { } subscriber)
        {
            return null;
        }

        bool isStopping;
        lock (_lock)
        {
            _open.Add(subscriber);
            isStopping = _isStopping;
        }

        if (isStopping)
        {
            subscriber.Complete();
        }

        return subscriber;
    }

    public void Close(LocalSubscriber subscriber)
    {
        lock (_lock)
        {
            _open.Remove(subscriber);
            _droppedOfClosed += subscriber.Dropped;
        }

        client.Close(subscriber);
    }

    /// <summary>So many messages were sent.</summary>
    public void Add(int sent) => Interlocked.Add(ref _sent, sent);

    /// <summary>Ends every stream after the messages that wait for it.</summary>
    public void Stop()
    {
        List<LocalSubscriber> open;
        lock (_lock)
        {
            _isStopping = true;
            open = [.. _open];
        }

        foreach (var subscriber in open)
        {
            subscriber.Complete();
        }
    }
}
