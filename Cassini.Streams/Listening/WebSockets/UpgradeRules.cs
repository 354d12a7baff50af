using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace Cassini.Streams.Listening.WebSockets;

/// <summary>Which requests become a WebSocket (RFC 6455 §4.2). Immutable.</summary>
/// <param name="Subprotocols">What is spoken on it; empty when the client need not say.</param>
/// <param name="Origins">Which pages may connect.</param>
internal sealed record UpgradeRules(ImmutableArray<string> Subprotocols, OriginRule Origins)
{
    private const int KeyLength = 16;

    /// <summary>Judges a request. Its path is not looked at, because there is nothing else here.</summary>
    /// <param name="head">The request.</param>
    /// <returns>The answer of the one or of the other kind.</returns>
    public (byte[]? Accepted, UpgradeRefusal? Refused) Judge(RequestHead head)
    {
        if (Refuse(head) is { } refusal)
        {
            return (null, refusal);
        }

        var offered = head.ListOf("Sec-WebSocket-Protocol").FirstOrDefault(Subprotocols.Contains);
        return offered is null && !Subprotocols.IsEmpty
            ? (null, UpgradeRefusal.WrongSubprotocol(Subprotocols))
            : (Accept(head["Sec-WebSocket-Key"]!, offered), null);
    }

    private UpgradeRefusal? Refuse(RequestHead head) =>
        head.Version != "HTTP/1.1" ? UpgradeRefusal.WrongHttp
        : head.Method != "GET" ? UpgradeRefusal.WrongMethod
        : head["Host"] is not { Length: > 0 } host || host.Contains(',', StringComparison.Ordinal) ? UpgradeRefusal.NoHost
        : head["Transfer-Encoding"] is not null || head["Content-Length"] is not (null or "0") ? UpgradeRefusal.HasBody
        : !head.Has("Connection", "upgrade") || !head.Has("Upgrade", "websocket") ? UpgradeRefusal.NoUpgrade(Subprotocols)
        : head["Sec-WebSocket-Version"] != "13" ? UpgradeRefusal.WrongVersion
        : !IsKey(head["Sec-WebSocket-Key"]) ? UpgradeRefusal.WrongKey
        : !Origins.Allows(head["Origin"], host) ? UpgradeRefusal.ForeignPage
        : null;

    private static bool IsKey(string? key)
    {
        Span<byte> bytes = stackalloc byte[KeyLength + 2];
        return key is { Length: 24 } && Convert.TryFromBase64String(key, bytes, out var length) && length == KeyLength;
    }

    private static byte[] Accept(string key, string? subprotocol) => Encoding.ASCII.GetBytes(
        $"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {AnswerTo(key)}\r\n"
        + (subprotocol is null ? "\r\n" : $"Sec-WebSocket-Protocol: {subprotocol}\r\n\r\n"));

    /// <summary>The proof that the request was understood (RFC 6455 §4.2.2).</summary>
    internal static string AnswerTo(string key)
    {
#pragma warning disable CA5350 // The RFC prescribes SHA-1. Nothing is protected by it.
        return Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
    }
}
