using System.Buffers;
using Cassini.Streams.Events;
using Cassini.Streams.Listening.Handshakes;

namespace Cassini.Streams.Listening.WebSockets;

/// <summary>From the end of the TLS handshake to a WebSocket, or to an answer that says why not.</summary>
/// <param name="stream">The peer's stream.</param>
/// <param name="rules">Which requests become a WebSocket.</param>
internal sealed class UpgradePhase(Stream stream, UpgradeRules rules)
{
    /// <summary>The longest head of a request, in bytes.</summary>
    public const int LongestHead = 8 * 1024;

    /// <summary>What came after the head.</summary>
    public ReadOnlyMemory<byte> Rest { get; private set; }

    /// <summary>Whether a refusal was answered, so that the answer must still arrive.</summary>
    public bool HasAnswered { get; private set; }

    /// <summary>Reads the request and answers it.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Null for a WebSocket; otherwise why the peer is refused.</returns>
    /// <exception cref="IOException">The connection failed.</exception>
    public async Task<HandshakeRefusal?> RunAsync(CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(LongestHead);
        try
        {
            var received = 0;
            for (var head = 0; head == 0;)
            {
                var read = await stream.ReadAsync(buffer.AsMemory(received, LongestHead - received), cancellationToken);
                if (read == 0)
                {
                    return new HandshakeRefusal(HandshakeFailure.PeerClosed, "closed before its WebSocket request was complete");
                }

                head = RequestHead.LengthOf(buffer.AsSpan(0, received + read), received);
                received += read;
                var (accepted, refused) = Judge(buffer.AsSpan(0, received), head);
                if (refused is not null)
                {
                    return await RefuseAsync(refused, cancellationToken);
                }

                if (accepted is not null)
                {
                    Rest = buffer.AsSpan(head, received - head).ToArray();
                    await stream.WriteAsync(accepted, cancellationToken);
                }
            }

            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private (byte[]? Accepted, UpgradeRefusal? Refused) Judge(ReadOnlySpan<byte> received, int head) =>
        !RequestHead.CanBegin(head == 0 ? received : received[..head]) ? (null, UpgradeRefusal.NotHttp)
        : head > 0 ? RequestHead.TryParse(received[..head]) is { } request ? rules.Judge(request) : (null, UpgradeRefusal.BadHead)
        : received.Length == LongestHead ? (null, UpgradeRefusal.HeadTooLong)
        : (null, null);

    private async Task<HandshakeRefusal> RefuseAsync(UpgradeRefusal refused, CancellationToken cancellationToken)
    {
        HasAnswered = true;
        await stream.WriteAsync(refused.ToBytes(), cancellationToken);
        return new HandshakeRefusal(refused.Reason, refused.Sentence);
    }
}
