using System.Text;
using Cassini.Streams.Events;

namespace Cassini.Streams.Listening.WebSockets;

/// <summary>The answer to a request that does not become a WebSocket. Immutable.</summary>
/// <param name="Status">The status code and its phrase, such as <c>400 Bad Request</c>.</param>
/// <param name="Sentence">What is wrong, for the peer and for the event.</param>
/// <param name="Reason">The reason of the event.</param>
internal sealed record UpgradeRefusal(string Status, string Sentence, HandshakeFailure Reason = HandshakeFailure.NotWebSocket)
{
    private const string BadRequest = "400 Bad Request";
    private const string UpgradeRequired = "426 Upgrade Required";

    public static readonly UpgradeRefusal NotHttp = new(BadRequest, "This is no HTTP request: connect with WebSocket.");

    public static readonly UpgradeRefusal BadHead = new(BadRequest, "The head of the request is malformed.");

    public static readonly UpgradeRefusal HeadTooLong = new(
        "431 Request Header Fields Too Large", $"The head of the request is longer than {UpgradePhase.LongestHead:N0} bytes.");

    public static readonly UpgradeRefusal WrongMethod = new("405 Method Not Allowed", "Only GET can become a WebSocket.")
    {
        Fields = "Allow: GET\r\n",
    };

    public static readonly UpgradeRefusal WrongHttp = new("505 HTTP Version Not Supported", "Only HTTP/1.1 can become a WebSocket here.");

    public static readonly UpgradeRefusal NoHost = new(BadRequest, "The request must have one Host.");

    public static readonly UpgradeRefusal HasBody = new(BadRequest, "The request must have no body.");

    public static readonly UpgradeRefusal WrongVersion = new(UpgradeRequired, "Only version 13 of WebSocket is spoken here.")
    {
        Fields = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
        Connection = "Upgrade, close",
    };

    public static readonly UpgradeRefusal WrongKey = new(BadRequest, "Sec-WebSocket-Key must be 16 bytes in Base64.");

    public static readonly UpgradeRefusal ForeignPage = new(
        "403 Forbidden", "Pages of this origin may not connect: see Listener:WebSocketOrigins.", HandshakeFailure.ForeignOrigin);

    /// <summary>Further fields of the answer, each with its line end.</summary>
    public string Fields { get; init; } = "";

    public string Connection { get; init; } = "close";

    /// <summary>For a request that asks for no WebSocket, such as a browser's for a page.</summary>
    /// <param name="subprotocols">What is spoken here.</param>
    public static UpgradeRefusal NoUpgrade(IReadOnlyCollection<string> subprotocols) => new(
        UpgradeRequired, $"This endpoint speaks WebSocket only{With(subprotocols)}. Your client certificate was accepted.")
    {
        Fields = "Upgrade: websocket\r\n",
        Connection = "Upgrade, close",
    };

    /// <summary>For a client that offers no subprotocol that is spoken here.</summary>
    /// <param name="subprotocols">What is spoken here.</param>
    public static UpgradeRefusal WrongSubprotocol(IReadOnlyCollection<string> subprotocols) =>
        new(BadRequest, $"The request offers no subprotocol that is spoken here{With(subprotocols)}.");

    /// <summary>The whole answer.</summary>
    public byte[] ToBytes()
    {
        var body = Encoding.UTF8.GetBytes(Sentence + "\n");
        var head = $"HTTP/1.1 {Status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {body.Length}\r\n"
            + $"Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n{Fields}Connection: {Connection}\r\n\r\n";
        return [.. Encoding.ASCII.GetBytes(head), .. body];
    }

    private static string With(IReadOnlyCollection<string> subprotocols) =>
        subprotocols.Count == 0 ? "" : $", with Sec-WebSocket-Protocol: {string.Join(" or ", subprotocols)}";
}
