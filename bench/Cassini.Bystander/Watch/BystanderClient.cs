using System.Buffers.Binary;
using System.Text;
using Cassini.Load;

namespace Cassini.Bystander.Watch;

/// <summary>Publishes with QoS 1 to itself twenty times a second. When it is cut off it connects again, and goes on.</summary>
internal sealed class BystanderClient : IDisposable
{
    private const string Topic = "bystander/own";
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(50);
    private readonly ClientTls _tls;
    private readonly LoadOptions _options;
    private readonly Pulse _pulse;
    private readonly Metronome _metronome;
    private readonly byte[] _frame = Frames.Publish(Topic, 1, sizeof(long), version5: true);
    private readonly Lock _writing = new();
    private readonly Lock _gate = new();
    private readonly List<Message> _messages = [];
    private MqttConnection? _connection;
    private int _refused;
    private bool _stopping;

    public BystanderClient(ClientTls tls, LoadOptions options, Pulse pulse)
    {
        (_tls, _options, _pulse) = (tls, options, pulse);
        _connection = Connect();
        _metronome = new Metronome(Period, Publish);
    }

    /// <summary>How many messages were refused, and how often it was cut off or not let in.</summary>
    public int Refused => Volatile.Read(ref _refused);

    /// <summary>What was due from then on.</summary>
    public IReadOnlyList<Message> Since(long start)
    {
        lock (_gate)
        {
            return [.. _messages.Where(message => message.Due >= start)];
        }
    }

    /// <summary>Whether a message is under way for too long.</summary>
    public bool IsLate()
    {
        lock (_gate)
        {
            return _messages.TakeLast(200).Any(message => !message.IsReceived && Measure.Since(message.Due) > Goal.RoundTrip);
        }
    }

    /// <summary>Publishes no more, but goes on receiving.</summary>
    public void Stop()
    {
        _metronome.Stop();
        Volatile.Write(ref _stopping, true);
    }

    public void Dispose()
    {
        _connection?.Dispose();
        _metronome.Dispose();
    }

    private void Publish(long due)
    {
        int number;
        lock (_gate)
        {
            number = _messages.Count;
            _messages.Add(new Message(due));
        }

        try
        {
            var connection = _connection ??= Connect();
            BinaryPrimitives.WriteUInt16BigEndian(_frame.AsSpan(Frames.IdentifierOffset(_frame, Topic)), (ushort)((number % 65_535) + 1));
            BinaryPrimitives.WriteInt64BigEndian(_frame.AsSpan(_frame.Length - sizeof(long)), number);
            Write(connection, _frame);
        }
        catch (Exception e) when (e is LoadException or IOException or ObjectDisposedException)
        {
            Refuse();
            _connection = null;
        }
    }

    private MqttConnection Connect()
    {
        var connection = new MqttConnection(_options, _tls, "bystander");
        connection.Subscribe(Topic, 1);
        new Thread(() => Receive(connection)) { IsBackground = true }.Start();
        return connection;
    }

    private void Receive(MqttConnection connection)
    {
        var sink = new Sink(this, connection);
        try
        {
            while (connection.Reader.Read(ref sink))
            {
                // The sink has taken what came.
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The next write to it fails, too, and a new one is made.
        }

        if (!Volatile.Read(ref _stopping))
        {
            connection.Abort();
        }
    }

    private void Write(MqttConnection connection, ReadOnlySpan<byte> bytes)
    {
        lock (_writing)
        {
            connection.Write(bytes);
        }
    }

    private void Refuse()
    {
        Interlocked.Increment(ref _refused);
        _pulse.Disturb();
    }

    private void Receive(long number)
    {
        Message message;
        lock (_gate)
        {
            message = _messages[(int)number];
        }

        message.Receive(Measure.Now);
        if (message.RoundTrip > Goal.RoundTrip)
        {
            _pulse.Disturb();
        }
    }

    private readonly struct Sink(BystanderClient client, MqttConnection connection) : IPacketSink
    {
        public void Take(byte first, ReadOnlySpan<byte> body)
        {
            if ((first & 0xF0) == 0x30)
            {
                client.Receive(BinaryPrimitives.ReadInt64BigEndian(body[^sizeof(long)..]));
                var id = 2 + Encoding.UTF8.GetByteCount(Topic);
                client.Write(connection, [0x40, 2, body[id], body[id + 1]]);
            }
            else if (first == 0x40 && body.Length > 2 && body[2] >= 0x80)
            {
                client.Refuse();
            }
        }
    }
}
