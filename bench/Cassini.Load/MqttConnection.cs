using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Cassini.Load;

/// <summary>
/// One MQTT client, as little of it as a load needs. Everything blocks: a socket that was used asynchronously once goes through the
/// runtime's poller for ever, and the generator shares the cores with the broker that it measures. One reads, one writes.
/// </summary>
internal sealed class MqttConnection : IDisposable
{
    private const int DefaultReceiveMaximum = 65_535;
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly Stream _stream;
    private readonly BlockStream _block;
    private readonly TimeSpan _patience;
    private readonly bool _version5;

    /// <exception cref="LoadException">The broker did not accept the connection.</exception>
    public MqttConnection(LoadOptions options, ClientTls tls, string clientId, int readSize = PacketReader.DefaultSize, bool isKept = false)
    {
        _version5 = options.Version5;
        _patience = options.Patience;
        LimitReads(true);
        _block = new BlockStream(_socket, 2 * readSize);
        try
        {
            _socket.Connect(IPAddress.Loopback, options.Port);
            var secure = new SslStream(_block);
            _stream = secure;
            secure.AuthenticateAsClient(tls.Options);
            _block.IsHeld = true;
            if (options.IsWebSocket)
            {
                _stream = new WebSocketTransport(secure);
            }

            Reader = new PacketReader(_stream, readSize);
            Write(Frames.Connect(clientId, _version5, isKept));
            Connected(Answer("CONNACK"));
        }
        catch (Exception e) when (e is IOException or SocketException or AuthenticationException)
        {
            Dispose();
            throw new LoadException($"no connection: {ReasonOf(e)}");
        }
        catch (LoadException)
        {
            Dispose();
            throw;
        }

        LimitReads(false);
    }

    public PacketReader Reader { get; }

    /// <summary>Whether the broker had the session; never of one that is not kept.</summary>
    public bool SessionPresent { get; private set; }

    /// <summary>How many QoS 1 and 2 publishes the broker takes unacknowledged.</summary>
    public int ReceiveMaximum { get; private set; } = DefaultReceiveMaximum;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        _stream.Write(bytes);
        _block.Flush();
    }

    /// <exception cref="LoadException">The broker grants a lower QoS, or refuses.</exception>
    public void Subscribe(string topic, int qos)
    {
        LimitReads(true);
        try
        {
            Write(Frames.Subscribe(topic, qos, _version5));
            var code = Answer("SUBACK").Body[^1];
            if (code != qos)
            {
                throw new LoadException(code < 0x80
                    ? $"the broker grants QoS {code} where {qos} was asked for"
                    : $"the broker refuses the subscription: 0x{code:X2}");
            }
        }
        catch (IOException e)
        {
            throw new LoadException($"no SUBACK: {ReasonOf(e)}");
        }

        LimitReads(false);
    }

    /// <summary>Whether a read fails when nothing comes for as long as the options say; see <see cref="IsTimeOut"/>.</summary>
    public void LimitReads(bool areLimited) => _socket.ReceiveTimeout = areLimited ? (int)_patience.TotalMilliseconds : 0;

    /// <summary>Whether a read failed because nothing came.</summary>
    public static bool IsTimeOut(IOException failure) =>
        failure.InnerException is SocketException { SocketErrorCode: SocketError.TimedOut or SocketError.WouldBlock };

    /// <summary>Ends a session that may be kept from an earlier run: what it had subscribed to, and what waits for it.</summary>
    /// <exception cref="LoadException">The broker did not accept the connection.</exception>
    public static void Forget(LoadOptions options, ClientTls tls, string clientId)
    {
        using var clean = new MqttConnection(options, tls, clientId);
        clean.Goodbye();
    }

    /// <summary>Connects, and goes as soon as it is connected.</summary>
    /// <exception cref="LoadException">The broker did not accept the connection.</exception>
    public static void Visit(LoadOptions options, ClientTls tls, string clientId, int readSize)
    {
        using var visitor = new MqttConnection(options, tls, clientId, readSize);
        visitor.Goodbye();
    }

    /// <summary>Sends DISCONNECT; the reader gets the end of the stream. Not while another thread writes.</summary>
    public void Close()
    {
        try
        {
            Write([0xE0, 0]);
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            // The broker closed the connection first.
        }
    }

    /// <summary>Sends DISCONNECT and reads until the broker has closed the connection, so that it has dealt with all of it.</summary>
    private void Goodbye()
    {
        var rest = new LastPacket();
        LimitReads(true);
        try
        {
            Write([0xE0, 0]);
            while (Reader.Read(ref rest))
            {
            }
        }
        catch (IOException)
        {
            // It has closed the connection in another way, or leaves that to the client.
        }
    }

    /// <summary>Ends a read or a write that hangs. Any thread.</summary>
    public void Abort()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // It has ended.
        }
    }

    public void Dispose()
    {
        _stream?.Dispose();
        _socket.Dispose();
    }

    private (byte First, byte[] Body) Answer(string name)
    {
        var sink = new LastPacket();
        while (sink.Body is null)
        {
            if (!Reader.Read(ref sink, most: 1))
            {
                throw new LoadException($"the broker closed the connection instead of sending {name}");
            }
        }

        var expected = name == "CONNACK" ? 0x20 : 0x90;
        return sink.First == expected
            ? (sink.First, sink.Body)
            : throw new LoadException($"packet 0x{sink.First:X2} came instead of {name}");
    }

    private void Connected((byte First, byte[] Body) answer)
    {
        if (answer.Body[1] != 0)
        {
            throw new LoadException($"the broker refuses the connection: 0x{answer.Body[1]:X2}");
        }

        SessionPresent = (answer.Body[0] & 1) != 0;
        if (_version5)
        {
            ReceiveMaximum = ReceiveMaximumOf(answer.Body.AsSpan(2));
        }
    }

    // Property 0x21 (MQTT 5.0 §3.2.2.3.3) among those of a CONNACK. Their order is free, so each has to be stepped over.
    private static int ReceiveMaximumOf(ReadOnlySpan<byte> properties)
    {
        var at = 1; // the length; a CONNACK's properties never need a second byte of it here
        if (properties.IsEmpty || properties[0] > 0x7F)
        {
            return DefaultReceiveMaximum;
        }

        while (at < properties.Length)
        {
            var value = properties[(at + 1)..];
            switch (properties[at])
            {
                case 0x21:
                    return BinaryPrimitives.ReadUInt16BigEndian(value);
                case 0x24 or 0x25 or 0x28 or 0x29 or 0x2A:
                    at += 2;
                    break;
                case 0x13 or 0x22:
                    at += 3;
                    break;
                case 0x11 or 0x27:
                    at += 5;
                    break;
                case 0x12 or 0x15 or 0x16 or 0x1A or 0x1C or 0x1F:
                    at += 3 + BinaryPrimitives.ReadUInt16BigEndian(value);
                    break;
                case 0x26:
                    var name = BinaryPrimitives.ReadUInt16BigEndian(value);
                    at += 5 + name + BinaryPrimitives.ReadUInt16BigEndian(value[(2 + name)..]);
                    break;
                default:
                    throw new LoadException($"CONNACK holds the unknown property 0x{properties[at]:X2}");
            }
        }

        return DefaultReceiveMaximum;
    }

    private string ReasonOf(Exception e) => e is IOException failure && IsTimeOut(failure)
        ? $"no answer within {_patience.TotalSeconds} s"
        : (e.InnerException ?? e).Message;

    private struct LastPacket : IPacketSink
    {
        public byte First;
        public byte[]? Body;

        public void Take(byte first, ReadOnlySpan<byte> body)
        {
            (First, Body) = (first, body.ToArray());
        }
    }
}
