using System.Buffers.Binary;

namespace Cassini.Load.Kills;

/// <summary>
/// A client that numbers its messages and has many under way. What is not acknowledged when its connection is lost it sends again on the
/// next one [MQTT-4.4.0-1], also to a broker that has lost its session. One thread.
/// </summary>
internal sealed class SendingClient(NumberedMessages messages)
{
    private const int UnderWay = 100;

    // By their numbers, and so in the order in which they were sent.
    private readonly SortedDictionary<long, (ushort Id, bool IsReceived)> _unfinished = [];
    private readonly List<byte> _replies = [];
    private ushort _lastId;

    /// <summary>How many messages it has sent.</summary>
    public long Sent { get; private set; }

    /// <summary>Sends until the broker is gone.</summary>
    /// <param name="connection">A connection of its session.</param>
    /// <param name="acknowledgements">After how many acknowledgements to end the broker.</param>
    /// <param name="end">Ends the broker.</param>
    public void SendUntilGone(MqttConnection connection, int acknowledgements, Action end)
    {
        var answers = new Acknowledgements(this);
        var isEnding = false;
        try
        {
            Resume(connection);
            do
            {
                if (!isEnding && answers.Count >= acknowledgements)
                {
                    isEnding = true;
                    end();
                }

                while (_unfinished.Count < UnderWay)
                {
                    SendNext();
                }

                Reply(connection);
            }
            while (connection.Reader.Read(ref answers));
        }
        catch (IOException failure) when (!MqttConnection.IsTimeOut(failure))
        {
            // The broker is gone.
        }

        if (!isEnding)
        {
            throw new LoadException("the broker closed the publisher's connection");
        }
    }

    /// <summary>Sends what is unfinished, and returns when it is finished.</summary>
    /// <exception cref="LoadException">The broker closed the connection.</exception>
    public void Finish(MqttConnection connection)
    {
        var answers = new Acknowledgements(this);
        Resume(connection);
        while (_unfinished.Count > 0)
        {
            if (!connection.Reader.Read(ref answers))
            {
                throw new LoadException("the broker closed the publisher's connection");
            }

            Reply(connection);
        }
    }

    private void Resume(MqttConnection connection)
    {
        connection.LimitReads(true);
        _replies.Clear();
        foreach (var (number, (id, isReceived)) in _unfinished)
        {
            _replies.AddRange(isReceived ? Answers.Release(id) : messages.Publish(number, id, isAgain: connection.SessionPresent));
        }

        Reply(connection);
    }

    private void SendNext()
    {
        do
        {
            _lastId = _lastId == ushort.MaxValue ? (ushort)1 : (ushort)(_lastId + 1);
        }
        while (_unfinished.Values.Any(one => one.Id == _lastId));
        _unfinished.Add(++Sent, (_lastId, false));
        _replies.AddRange(messages.Publish(Sent, _lastId, isAgain: false));
    }

    private void Reply(MqttConnection connection)
    {
        if (_replies.Count > 0)
        {
            connection.Write([.. _replies]);
            _replies.Clear();
        }
    }

    private void Acknowledge(bool isReceived, ushort id)
    {
        var number = _unfinished.FirstOrDefault(pair => pair.Value.Id == id).Key;
        if (number == 0)
        {
            throw new LoadException($"packet identifier {id} was acknowledged, and is not under way");
        }

        if (isReceived)
        {
            _unfinished[number] = (id, true);
            _replies.AddRange(Answers.Release(id));
        }
        else
        {
            _unfinished.Remove(number);
        }
    }

    private struct Acknowledgements(SendingClient client) : IPacketSink
    {
        public int Count;

        public void Take(byte first, ReadOnlySpan<byte> body)
        {
            Answers.Require(body);
            client.Acknowledge(first == Answers.PubRec, BinaryPrimitives.ReadUInt16BigEndian(body));
            Count++;
        }
    }
}
