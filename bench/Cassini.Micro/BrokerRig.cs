using Cassini.Streams.Broker;
using Cassini.Streams.Events;
using Cassini.Streams.Listening;
using Cassini.Streams.Mqtt;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Micro;

/// <summary>A broker whose clients' streams lead nowhere: what is measured is the engine alone.</summary>
internal sealed class BrokerRig
{
    private long _id;

    public BrokerCore Core { get; } = new(new BrokerOptions(), new InMemoryStore(), new Silence(), TimeProvider.System, NullLogger.Instance);

    /// <summary>A connected client.</summary>
    public (ClientConnection Connection, PacketHandler Handler, ReceiveBuffer Input, ScriptedStream Stream) Connect(string clientId)
    {
        var stream = new ScriptedStream();
        var connection = new Connection(
            ++_id, "bench", "bench", clientId, new ConnectionStream(stream, null), new ConnectionFate(NullLogger.Instance), isProbe: false);
        var client = new ClientConnection(Core, connection, Core.Counters);
        var connected = new ConnectPhase(Core, client).Run(new ConnectPacket { Version = ProtocolVersion.V311, ClientId = clientId, CleanStart = true });
        client.Flushes.Flush();
        return (client, new PacketHandler(Core, client, connected!, null), new ReceiveBuffer(stream, Core.Budget), stream);
    }

    public void Subscribe(ClientConnection connection, string filter, QualityOfService qos = QualityOfService.AtMostOnce) =>
        connection.Client!.Session.Subscribe(new Subscription(connection.Client.Session, filter, qos, false, false, []));

    private sealed class Silence : IEventPublisher
    {
        public long LastSequence => 0;

        public void Publish(BrokerEvent happened)
        {
        }
    }
}

/// <summary>A stream that gives the same bytes at each read and swallows what is written.</summary>
internal sealed class ScriptedStream : Stream
{
    public byte[] Bytes { get; set; } = [];

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!buffer.IsEmpty)
        {
            Bytes.CopyTo(buffer);
        }

        return ValueTask.FromResult(buffer.IsEmpty ? 0 : Bytes.Length);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
