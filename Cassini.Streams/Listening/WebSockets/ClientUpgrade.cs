using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;

namespace Cassini.Streams.Listening.WebSockets;

/// <summary>The client's side of an upgrade, for our own clients. Its frames are the runtime's, not those of this room.</summary>
internal static class ClientUpgrade
{
    /// <summary>Makes a WebSocket of a stream.</summary>
    /// <param name="stream">The stream; the caller closes it.</param>
    /// <param name="host">Who is asked.</param>
    /// <param name="subprotocol">What is to be spoken; null for anything.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The bytes on the WebSocket, as a stream of binary frames.</returns>
    /// <exception cref="InvalidDataException">The server refused; the message has its status.</exception>
    /// <exception cref="IOException">The connection ended.</exception>
    public static async Task<Stream> RunAsync(Stream stream, string host, string? subprotocol, CancellationToken cancellationToken)
    {
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
        var wanted = subprotocol is null ? "" : $"Sec-WebSocket-Protocol: {subprotocol}\r\n";
        var request = $"GET / HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + $"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{wanted}\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), cancellationToken);

        // Byte by byte, so that nothing of the first frame is taken: it is in memory already.
        var head = new byte[UpgradePhase.LongestHead];
        var received = 0;
        for (var length = 0; length == 0; length = RequestHead.LengthOf(head.AsSpan(0, received), received - 1))
        {
            if (received == head.Length)
            {
                throw new InvalidDataException("the answer to the WebSocket request is too long");
            }

            await stream.ReadExactlyAsync(head.AsMemory(received, 1), cancellationToken);
            received++;
        }

        var answer = Encoding.Latin1.GetString(head, 0, received);
        if (!answer.StartsWith("HTTP/1.1 101 ", StringComparison.Ordinal)
            || !answer.Contains($"Sec-WebSocket-Accept: {UpgradeRules.AnswerTo(key)}\r\n", StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidDataException($"the WebSocket request was answered with {answer.Split('\r')[0]}");
        }

        var socket = WebSocket.CreateFromStream(
            stream, new WebSocketCreationOptions { SubProtocol = subprotocol, KeepAliveInterval = Timeout.InfiniteTimeSpan });
        return WebSocketStream.Create(socket, WebSocketMessageType.Binary, ownsWebSocket: false);
    }
}
