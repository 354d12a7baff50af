using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Delivery;

/// <summary>One message in flight.</summary>
internal struct InFlight
{
    public QueuedMessage Queued;
    public DeliveryState State;

    /// <summary>Whether it was sent on the present connection.</summary>
    public bool IsSent;
}

/// <summary>
/// The messages of one session that were sent and are not acknowledged, in the order in which they were first sent, so that they are sent
/// again in that order [MQTT-4.6.0-1]. Packet identifiers are assigned in turn, so that a message is found by arithmetic. Belongs to the
/// session's lock.
/// </summary>
internal sealed class InFlightWindow
{
    private const int Identifiers = ushort.MaxValue;
    private const int Smallest = 8;
    private const int KeptWhenEmpty = 64;

    private InFlight[] _ring = [];
    private long _head;
    private long _tail;

    /// <summary>How many are not acknowledged.</summary>
    public int Count { get; private set; }

    /// <summary>The first slot in use; with <see cref="Tail"/>, to walk through all.</summary>
    public long Head => _head;

    /// <summary>The slot behind the last one in use.</summary>
    public long Tail => _tail;

    /// <summary>Whether no packet identifier is free, because a very old message is not acknowledged yet.</summary>
    public bool IsFull => _tail - _head >= Identifiers;

    public static ushort IdOf(long place) => (ushort)(1 + (place % Identifiers));

    public ref InFlight At(long place) => ref _ring[place & (_ring.Length - 1)];

    /// <summary>Adds a message under the next packet identifier.</summary>
    public ref InFlight Add(QueuedMessage queued, DeliveryState state)
    {
        if (_tail - _head == _ring.Length)
        {
            Grow();
        }

        ref var added = ref At(_tail);
        added = new InFlight { Queued = queued, State = state };
        _tail++;
        Count++;
        return ref added;
    }

    /// <summary>Restores a message under the identifier that it had, after those that were restored before.</summary>
    public void Restore(ushort id, QueuedMessage queued, DeliveryState state)
    {
        if (_head == _tail)
        {
            _head = _tail = id - 1;
        }

        while (IdOf(_tail) != id)
        {
            Add(default, DeliveryState.Done);
            Count--;
        }

        Add(queued, state);
    }

    /// <summary>Finds the slot of an identifier.</summary>
    /// <returns>-1 when nothing is in flight under it.</returns>
    public long Find(ushort id)
    {
        var place = _head + ((id - 1 - (_head % Identifiers) + Identifiers) % Identifiers);
        return place < _tail && At(place).State != DeliveryState.Done ? place : -1;
    }

    /// <summary>The delivery is complete: its identifier may be used again.</summary>
    public void Complete(long place)
    {
        At(place) = default;
        Count--;
        while (_head < _tail && At(_head).State == DeliveryState.Done)
        {
            _head++;
        }

        if (_head == _tail && _ring.Length > KeptWhenEmpty)
        {
            _ring = [];
        }
    }

    /// <summary>Another connection begins: nothing was sent on it yet.</summary>
    /// <returns>The first slot to send again.</returns>
    public long MarkUnsent()
    {
        for (var place = _head; place < _tail; place++)
        {
            At(place).IsSent = false;
        }

        return _head;
    }

    /// <summary>Takes everything out.</summary>
    public List<QueuedMessage> TakeAll()
    {
        var all = new List<QueuedMessage>(Count);
        for (; _head < _tail; _head++)
        {
            if (At(_head).State != DeliveryState.Done)
            {
                all.Add(At(_head).Queued);
            }
        }

        _ring = [];
        Count = 0;
        return all;
    }

    private void Grow()
    {
        var ring = new InFlight[Math.Max(Smallest, _ring.Length * 2)];
        for (var place = _head; place < _tail; place++)
        {
            ring[place & (ring.Length - 1)] = At(place);
        }

        _ring = ring;
    }
}
