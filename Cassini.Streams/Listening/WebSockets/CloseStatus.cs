namespace Cassini.Streams.Listening.WebSockets;

/// <summary>Why a WebSocket is closed (RFC 6455 §7.4.1), as far as it is said here.</summary>
internal enum CloseStatus : ushort
{
    Normal = 1000,

    /// <summary>The server goes down.</summary>
    GoingAway = 1001,

    ProtocolError = 1002,

    /// <summary>A text frame, where only binary ones are understood.</summary>
    UnsupportedData = 1003,

    PolicyViolation = 1008,

    InternalError = 1011,
}
