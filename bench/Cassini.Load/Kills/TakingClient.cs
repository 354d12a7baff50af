using System.Buffers.Binary;

namespace Cassini.Load.Kills;

/// <summary>
/// A client that takes numbered messages as MQTT asks for it: of QoS 2 each packet identifier once until it is released. It reads on one
/// thread.
/// </summary>
internal sealed class TakingClient(NumberedMessages messages)
{
    private readonly List<long> _taken = [];
    private readonly HashSet<long> _numbers = [];
    private readonly HashSet<ushort> _held = [];
    private readonly List<byte> _replies = [];
    private bool _isSubscribed;
    private int _sessionsLost;

    /// <summary>Subscribes on a connection of its session, unless the broker knows the session.</summary>
    /// <exception cref="LoadException">The broker does not grant the subscription.</exception>
    public void Resume(MqttConnection connection)
    {
        if (connection.SessionPresent)
        {
            return;
        }

        _held.Clear();
        connection.Subscribe(NumberedMessages.Filter, messages.MostQoS);
        _sessionsLost += _isSubscribed ? 1 : 0;
        _isSubscribed = true;
    }

    /// <summary>Takes what comes until the broker is gone.</summary>
    public void TakeUntilGone(MqttConnection connection)
    {
        try
        {
            while (TakeSome(connection))
            {
            }
        }
        catch (IOException)
        {
            // The broker is gone.
        }
    }

    /// <summary>Takes until all have come, or until nothing comes any more.</summary>
    /// <param name="connection">A connection of its session.</param>
    /// <param name="sent">How many there are.</param>
    public void TakeRest(MqttConnection connection, long sent)
    {
        try
        {
            connection.LimitReads(true);
            while (_numbers.Count < sent)
            {
                if (!TakeSome(connection))
                {
                    throw new LoadException("the broker closed the subscriber's connection");
                }
            }
        }
        catch (IOException failure) when (MqttConnection.IsTimeOut(failure))
        {
            // What is missing is lost.
        }
    }

    /// <summary>What became of messages that were all acknowledged.</summary>
    public KillTally Tally(long sent)
    {
        var (twice, late) = (0L, 0L);
        foreach (var ofOne in _taken.GroupBy(messages.QoSOf))
        {
            var (first, last) = (new HashSet<long>(), 0L);
            foreach (var number in ofOne)
            {
                if (first.Add(number))
                {
                    late += number < last ? 1 : 0;
                    last = Math.Max(last, number);
                }
            }

            twice += ofOne.Key == 2 ? ofOne.CountBy(number => number).Count(pair => pair.Value > 1) : 0;
        }

        return new KillTally(sent, sent - _numbers.Count, twice, late, _sessionsLost);
    }

    private bool TakeSome(MqttConnection connection)
    {
        var sink = new Packets(this);
        _replies.Clear();
        var isOpen = connection.Reader.Read(ref sink);
        if (_replies.Count > 0)
        {
            connection.Write([.. _replies]);
        }

        return isOpen;
    }

    private void TakeMessage(int qos, ReadOnlySpan<byte> body)
    {
        var (id, number) = messages.Read(body);
        if (qos == 1 || _held.Add(id))
        {
            _taken.Add(number);
            _numbers.Add(number);
        }

        _replies.AddRange(qos == 1 ? Answers.Acknowledge(id) : Answers.Receive(id));
    }

    private void TakeRelease(ushort id)
    {
        _held.Remove(id);
        _replies.AddRange(Answers.Complete(id));
    }

    private readonly struct Packets(TakingClient client) : IPacketSink
    {
        public void Take(byte first, ReadOnlySpan<byte> body)
        {
            switch (first >> 4)
            {
                case 3:
                    client.TakeMessage((first >> 1) & 3, body);
                    break;
                case 6:
                    client.TakeRelease(BinaryPrimitives.ReadUInt16BigEndian(body));
                    break;
                default:
                    throw new LoadException($"packet 0x{first:X2} came to the subscriber");
            }
        }
    }
}
