using Cassini.Streams.Events;

namespace Cassini.Streams.Listening.WebSockets;

/// <summary>What was wrong with a peer's frames: it ends the connection. Immutable.</summary>
/// <param name="Status">What the close frame says.</param>
/// <param name="Reason">What the events say.</param>
/// <param name="Message">For people; also in the close frame, so at most 123 bytes.</param>
internal sealed record FrameViolation(CloseStatus Status, CloseReason Reason, string Message)
{
    public static readonly FrameViolation Text = new(
        CloseStatus.UnsupportedData, CloseReason.WebSocketText, "a text frame: only binary frames are understood");

    public static readonly FrameViolation Flood = new(
        CloseStatus.PolicyViolation, CloseReason.WebSocketFlood, "too many pings, pongs and empty frames");

    /// <summary>Bytes that are no frame of a client's.</summary>
    public static FrameViolation Malformed(string message) => new(CloseStatus.ProtocolError, CloseReason.WebSocketError, message);
}
