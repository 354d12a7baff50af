using System.Buffers.Binary;
using System.Text;
using Cassini.Streams.Listening.WebSockets;
using Cassini.Tests.Supervision;

namespace Cassini.Tests.Listening.WebSockets;

/// <summary>A client that sends what the test says, byte for byte, and reads the broker's frames one by one.</summary>
internal sealed class WebSocketPeer(Stream stream) : IAsyncDisposable
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public Stream Stream => stream;

    /// <summary>A request, as browsers and libraries write it.</summary>
    /// <param name="more">Further fields, each with its line end.</param>
    /// <param name="subprotocol">What it offers.</param>
    public static string Request(string more = "", string subprotocol = "mqtt") =>
        "GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        + $"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: {subprotocol}\r\n{more}\r\n";

    /// <summary>Becomes a WebSocket.</summary>
    public async Task<WebSocketPeer> UpgradeAsync()
    {
        (await AskAsync(Request())).ShouldStartWith("HTTP/1.1 101 ");
        return this;
    }

    /// <summary>Sends a request.</summary>
    /// <returns>The head of the answer.</returns>
    public async Task<string> AskAsync(string request)
    {
        await SendAsync(Encoding.ASCII.GetBytes(request));
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            head.Append((char)(await ReadAsync(1))[0]);
        }

        return head.ToString();
    }

    public Task SendAsync(byte[] bytes) => stream.WriteAsync(bytes, Token).AsTask().Within("what the client sends");

    public Task SendAsync(Opcode opcode, byte[] payload, bool isFinal = true) => SendAsync(ClientFrames.Of(opcode, payload, isFinal));

    /// <summary>The frame that comes next.</summary>
    public async Task<(Opcode Opcode, byte[] Payload)> ReadFrameAsync()
    {
        var head = await ReadAsync(2);
        (head[0] & 0xF0).ShouldBe(0x80, "each frame is a whole message, without extensions");
        (head[1] & 0x80).ShouldBe(0, "a server does not mask");
        var length = head[1] switch
        {
            126 => BinaryPrimitives.ReadUInt16BigEndian(await ReadAsync(2)),
            127 => checked((int)BinaryPrimitives.ReadUInt64BigEndian(await ReadAsync(8))),
            var small => small,
        };
        return ((Opcode)(head[0] & 0x0F), await ReadAsync(length));
    }

    /// <summary>The broker closes the WebSocket, and then the connection.</summary>
    public async Task ExpectCloseAsync(int status, string reason)
    {
        var (opcode, payload) = await ReadFrameAsync();
        while (opcode != Opcode.Close)
        {
            (opcode, payload) = await ReadFrameAsync();
        }

        ((int)BinaryPrimitives.ReadUInt16BigEndian(payload)).ShouldBe(status);
        Encoding.UTF8.GetString(payload.AsSpan(2)).ShouldStartWith(reason);
        (await stream.ReadAsync(new byte[1], Token).AsTask().Within("the end")).ShouldBe(0);
    }

    public ValueTask DisposeAsync() => stream.DisposeAsync();

    private async Task<byte[]> ReadAsync(int count)
    {
        var bytes = new byte[count];
        await stream.ReadExactlyAsync(bytes, Token).AsTask().Within("what the broker sends");
        return bytes;
    }
}
