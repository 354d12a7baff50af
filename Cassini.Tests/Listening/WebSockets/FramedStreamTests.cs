using System.Text;
using Cassini.Streams.Listening.WebSockets;
using Cassini.Tests.Broker;
using Cassini.Tests.Supervision;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Listening.WebSockets;

public class FramedStreamTests
{
    private readonly VirtualClock _clock = new();
    private readonly List<FrameViolation> _broken = [];
    private readonly PipeEnd _server;
    private readonly WebSocketPeer _peer;
    private readonly FramedStream _stream;

    public FramedStreamTests()
    {
        (_server, var client) = PipeEnd.Pair();
        _peer = new WebSocketPeer(client);
        _stream = new FramedStream(_server, ReadOnlyMemory<byte>.Empty, _broken.Add, _clock.Time);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Payload_OfAnEndlessFragment_IsReadAsItComes()
    {
        await _peer.SendAsync(ClientFrames.Header(Opcode.Binary, long.MaxValue, mask: 0));
        await _peer.SendAsync("hello"u8.ToArray());
        (await ReadAsync(100)).ShouldBe("hello");
        await _peer.SendAsync("again"u8.ToArray());
        (await ReadAsync(3)).ShouldBe("aga");
        (await ReadAsync(3)).ShouldBe("in");
    }

    [Fact]
    public async Task WaitWithoutABuffer_PingsAndEmptyFramesCome_GoesOnUntilThereIsPayload()
    {
        var wait = _stream.ReadAsync(Memory<byte>.Empty, Token).AsTask();
        for (var i = 0; i < 3; i++)
        {
            await _peer.SendAsync(Opcode.Ping, "are you there"u8.ToArray());
            (await _peer.ReadFrameAsync()).Payload.ShouldBe("are you there"u8.ToArray());
            await _peer.SendAsync(Opcode.Binary, []);
        }

        await Eventually.HoldsAsync("all of it is read", () => _server.HasReadAll);
        wait.IsCompleted.ShouldBeFalse();

        await _peer.SendAsync(Opcode.Binary, "x"u8.ToArray());
        (await wait.Within("the wait")).ShouldBe(0);
        (await ReadAsync(100)).ShouldBe("x");
    }

    [Fact]
    public async Task WaitWithoutABuffer_Cancelled_LosesNothing()
    {
        await _peer.SendAsync(ClientFrames.Of(Opcode.Binary, "hello"u8)[..3]);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var wait = _stream.ReadAsync(Memory<byte>.Empty, over.Token).AsTask();
        await Eventually.HoldsAsync("all of it is read", () => _server.HasReadAll);
        await over.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(wait.Within("the wait"));

        await _peer.SendAsync(ClientFrames.Of(Opcode.Binary, "hello"u8)[3..]);
        (await ReadAsync(100)).ShouldBe("hello");
    }

    [Fact]
    public async Task Received_BeforeTheStreamWasMade_IsReadFirst()
    {
        var all = ClientFrames.Of(Opcode.Binary, "hello"u8);
        var stream = new FramedStream(_server, all.AsMemory(0, 8), _broken.Add, _clock.Time);
        (await stream.ReadAsync(Memory<byte>.Empty, Token)).ShouldBe(0);
        var buffer = new byte[100];
        var count = await stream.ReadAsync(buffer, Token);
        Encoding.ASCII.GetString(buffer, 0, count).ShouldBe("he");
        await _peer.SendAsync(all[8..]);
        count = await stream.ReadAsync(buffer, Token);
        Encoding.ASCII.GetString(buffer, 0, count).ShouldBe("llo");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(30_000)]
    public async Task Write_OfAnyLength_IsOneBinaryFrame(int length)
    {
        var bytes = Enumerable.Range(0, length).Select(i => (byte)i).ToArray();
        await _stream.WriteAsync(bytes, Token);

        var (opcode, payload) = await _peer.ReadFrameAsync();
        (opcode, payload.SequenceEqual(bytes)).ShouldBe((Opcode.Binary, true));
    }

    [Fact]
    public async Task Pings_OfAPeerThatReadsNothing_DoNotHoldTheReaderUp()
    {
        var (server, client) = PipeEnd.Pair(window: 4096);
        await using var peer = new WebSocketPeer(client);
        var stream = new FramedStream(server, ReadOnlyMemory<byte>.Empty, _broken.Add, _clock.Time);
        var writing = stream.WriteAsync(new byte[8192], Token).AsTask();
        var buffer = new byte[2048];
        for (var i = 0; i < 20; i++)
        {
            await peer.SendAsync(Opcode.Ping, [(byte)i]);
            await peer.SendAsync(Opcode.Binary, [(byte)i]);
            (await stream.ReadAsync(buffer, Token).AsTask().Within("the payload")).ShouldBe(1);
        }

        // Then it reads: what was being written, and the answer to the last ping alone.
        writing.IsCompleted.ShouldBeFalse();
        (await peer.ReadFrameAsync()).Payload.Length.ShouldBe(8192);
        await writing.Within("the write");
        var (opcode, payload) = await peer.ReadFrameAsync();
        (opcode, payload[0]).ShouldBe((Opcode.Pong, (byte)19));
        _broken.ShouldBeEmpty();
    }

    [Fact]
    public async Task Pings_MoreThanTheAllowance_AreAViolation()
    {
        // Without a deadline of its own, because it lasts as long as the test.
        var reading = ReadWheneverAsync(100);
        var ping = ClientFrames.Of(Opcode.Ping, new byte[122]); // 128 bytes
        await SendPingsAsync(ping, FramedStream.EmptyBurst / ping.Length);
        _broken.ShouldBeEmpty();
        _clock.AdvanceBy(TimeSpan.FromSeconds(1));
        await SendPingsAsync(ping, FramedStream.EmptyRate / ping.Length);
        _broken.ShouldBeEmpty();

        await _peer.SendAsync(ping);
        (await reading.Within("the end")).ShouldBe("");
        _broken.ShouldBe([FrameViolation.Flood]);

        await _stream.CloseAsync(CloseStatus.Normal, "", Token);
        await ShouldCloseAsync(1008, "too many pings, pongs and empty frames");
    }

    [Fact]
    public async Task Pings_AsManyAsTheRateAllows_AreNoViolationHoweverLong()
    {
        var reading = ReadWheneverAsync(100);
        var ping = ClientFrames.Of(Opcode.Ping, new byte[122]); // 128 bytes
        for (var second = 0; second < 100; second++)
        {
            await SendPingsAsync(ping, FramedStream.EmptyRate / ping.Length);
            _clock.AdvanceBy(TimeSpan.FromSeconds(1));
        }

        await _peer.SendAsync(Opcode.Binary, "x"u8.ToArray());
        (await reading.Within("the payload")).ShouldBe("x");
    }

    [Fact]
    public async Task TextFrame_AfterPayload_GivesThePayloadFirst()
    {
        await _peer.SendAsync([.. ClientFrames.Of(Opcode.Binary, "x"u8), .. ClientFrames.Of(Opcode.Text, "y"u8)]);
        (await ReadAsync(100)).ShouldBe("x");
        (await ReadAsync(100)).ShouldBe("");
        _broken.ShouldBe([FrameViolation.Text]);
        (await ReadAsync(100)).ShouldBe("");
        _broken.Count.ShouldBe(1);

        await _stream.CloseAsync(CloseStatus.Normal, "", Token);
        await ShouldCloseAsync((int)FrameViolation.Text.Status, "a text frame");
    }

    [Fact]
    public async Task Close_OfThePeer_IsTheEndAndAnswered()
    {
        await _peer.SendAsync(Opcode.Close, [0x03, 0xE9]);
        (await ReadAsync(100)).ShouldBe("");
        (await _stream.ReadAsync(Memory<byte>.Empty, Token)).ShouldBe(0);
        _broken.ShouldBeEmpty();

        await _stream.CloseAsync(CloseStatus.GoingAway, "Shutdown", Token);
        await ShouldCloseAsync(1000, "");
    }

    [Fact]
    public async Task Close_OfOurs_IsTheLastThatIsSent()
    {
        await _stream.CloseAsync(CloseStatus.GoingAway, "Shutdown", Token);
        await _stream.CloseAsync(CloseStatus.Normal, "again", Token);
        await Should.ThrowAsync<IOException>(_stream.WriteAsync("late"u8.ToArray(), Token).AsTask());
        await ShouldCloseAsync(1001, "Shutdown");
        await _server.DisposeAsync();
        await Should.ThrowAsync<EndOfStreamException>(_peer.ReadFrameAsync());
    }

    private async Task SendPingsAsync(byte[] ping, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await _peer.SendAsync(ping);
            (await _peer.ReadFrameAsync()).Opcode.ShouldBe(Opcode.Pong);
        }
    }

    private async Task ShouldCloseAsync(int status, string reason)
    {
        var frame = await _peer.ReadFrameAsync();
        while (frame.Opcode == Opcode.Pong)
        {
            frame = await _peer.ReadFrameAsync();
        }

        frame.Opcode.ShouldBe(Opcode.Close);
        ((frame.Payload[0] << 8) | frame.Payload[1]).ShouldBe(status);
        Encoding.UTF8.GetString(frame.Payload.AsSpan(2)).ShouldStartWith(reason);
    }

    private Task<string> ReadAsync(int most) => ReadWheneverAsync(most).Within("the read");

    private async Task<string> ReadWheneverAsync(int most)
    {
        var buffer = new byte[most];
        var count = await _stream.ReadAsync(buffer, Token);
        return Encoding.ASCII.GetString(buffer, 0, count);
    }
}
