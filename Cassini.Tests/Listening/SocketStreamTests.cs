using System.Net;
using System.Net.Sockets;
using Cassini.Streams.Listening.Handshakes;
using Cassini.Tests.Support;

namespace Cassini.Tests.Listening;

/// <summary>What is read ahead and held below TLS, on real sockets.</summary>
public sealed class SocketStreamTests : IDisposable
{
    private const int Record = 16 * 1024;
    private const int Block = 4 * Record;

    private readonly TestMemory _memory = new(10 * Block);
    private readonly Socket _peer;
    private readonly Socket _socket;
    private readonly SocketStream _stream;

    public SocketStreamTests()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Server.ReceiveBufferSize = 16 * Block;
        listener.Start();
        _peer = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _peer.Connect(listener.LocalEndpoint);
        _socket = listener.AcceptSocket();
        _stream = new SocketStream(_socket, ownsSocket: true) { Memory = _memory.Memory };
        _stream.EndHandshake();
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _stream.Dispose();
        _peer.Dispose();
    }

    [Fact]
    public async Task Read_MuchHasCome_IsReadAheadInOrderAndTheBlockGivenBack()
    {
        var sent = Bytes((2 * Block) + 123);
        await SendAllAsync(sent);
        var buffer = new byte[Record];
        var got = new List<byte>(buffer[..await _stream.ReadAsync(buffer, Token)]);
        got.Count.ShouldBe(Record);
        _memory.Budget.Used.ShouldBe(0);

        got.AddRange(buffer[..await _stream.ReadAsync(buffer, Token)]);
        _memory.Budget.Used.ShouldBe(Block, "a block, for several records");
        _socket.Available.ShouldBe(sent.Length - Record - Block);
        while (got.Count < sent.Length)
        {
            var read = _stream.ReadAsync(buffer, Token);
            read.IsCompleted.ShouldBeTrue();
            got.AddRange(buffer[..await read]);
        }

        got.ShouldBe(sent);
        _memory.Budget.Used.ShouldBe(0);
    }

    [Fact]
    public async Task Read_NothingHasCome_WaitsWithoutABlock()
    {
        await SendAllAsync(Bytes(Record));
        var buffer = new byte[Record];
        (await _stream.ReadAsync(buffer, Token)).ShouldBe(Record);

        var waiting = _stream.ReadAsync(buffer, Token);
        waiting.IsCompleted.ShouldBeFalse();
        _memory.Budget.Used.ShouldBe(0);
        await _peer.SendAsync("x"u8.ToArray(), Token);
        (await waiting).ShouldBe(1);
    }

    [Fact]
    public async Task Read_OfNothing_EndsWhileBytesAreReadAhead()
    {
        await SendAllAsync(Bytes(3 * Record));
        var buffer = new byte[Record];
        (await _stream.ReadAsync(buffer, Token)).ShouldBe(Record);
        (await _stream.ReadAsync(buffer.AsMemory(0, 10), Token)).ShouldBe(10);
        _socket.Available.ShouldBe(0);

        _stream.HasUnread.ShouldBeTrue();
        _stream.ReadAsync(Memory<byte>.Empty, Token).IsCompleted.ShouldBeTrue();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task NoMemoryIsLeft_ReadsAndWritesWithoutABlock(bool isSet)
    {
        _memory.Budget.Take(10 * Block);
        _stream.Memory = isSet ? _memory.Memory : null;
        var sent = Bytes(2 * Block);
        await SendAllAsync(sent);
        var (buffer, got) = (new byte[Record], new List<byte>());
        while (got.Count < sent.Length)
        {
            got.AddRange(buffer[..await _stream.ReadAsync(buffer, Token)]);
        }

        got.ShouldBe(sent);
        _stream.IsHolding = true;
        await _stream.WriteAsync("held"u8.ToArray(), Token);
        (await ReceiveAsync(4)).ShouldBe("held"u8.ToArray());
        _memory.Budget.Used.ShouldBe(10 * Block);
    }

    [Fact]
    public async Task Write_IsHeld_IsSentWithWhatFollows()
    {
        _stream.IsHolding = true;
        await _stream.WriteAsync("one "u8.ToArray(), Token);
        await _stream.WriteAsync("two "u8.ToArray(), Token);
        _peer.Available.ShouldBe(0);
        _memory.Budget.Used.ShouldBe(Block);

        _stream.IsHolding = false;
        await _stream.WriteAsync("three"u8.ToArray(), Token);

        (await ReceiveAsync(13)).ShouldBe("one two three"u8.ToArray());
        _memory.Budget.Used.ShouldBe(0);
    }

    [Fact]
    public async Task Write_MoreThanABlockIsHeld_IsSentBlockByBlock()
    {
        var sent = Bytes((2 * Block) + 7);
        _stream.IsHolding = true;
        foreach (var record in sent.Chunk(Record - 1))
        {
            await _stream.WriteAsync(record, Token);
        }

        (await ReceiveAsync(2 * Block)).ShouldBe(sent[..(2 * Block)]);
        _peer.Available.ShouldBe(0);
        await _stream.ReleaseAsync(Token);

        (await ReceiveAsync(7)).ShouldBe(sent[(2 * Block)..]);
        _memory.Budget.Used.ShouldBe(0);
    }

    [Fact]
    public async Task Dispose_GivesBlocksBack_AlsoTheOneThatIsBeingSent()
    {
        await SendAllAsync(Bytes(3 * Record));
        (await _stream.ReadAsync(new byte[Record], Token)).ShouldBe(Record);
        (await _stream.ReadAsync(new byte[10], Token)).ShouldBe(10);
        _stream.IsHolding = true;
        var writing = WriteUntilItFailsAsync();
        await Eventually.HoldsAsync("the peer takes nothing", () => _memory.Budget.Used == 2 * Block);

        _stream.Dispose();

        await Eventually.CompletesAsync("the write fails", writing);
        _memory.Budget.Used.ShouldBe(0);
    }

    private static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    private async Task WriteUntilItFailsAsync()
    {
        await Task.Yield();
        var record = Bytes(Record);
        await Should.ThrowAsync<Exception>(async () =>
        {
            while (true)
            {
                await _stream.WriteAsync(record, CancellationToken.None);
            }
        });
    }

    private async Task SendAllAsync(byte[] bytes)
    {
        await _peer.SendAsync(bytes, Token);
        await Eventually.HoldsAsync("it has come", () => _socket.Available == bytes.Length);
    }

    private async Task<byte[]> ReceiveAsync(int count)
    {
        var (bytes, got) = (new byte[count], 0);
        while (got < count)
        {
            got += await _peer.ReceiveAsync(bytes.AsMemory(got), Token);
        }

        return bytes;
    }
}
