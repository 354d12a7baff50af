namespace Cassini.Streams.Events;

/// <summary>Why an open connection, and the session that it carried, closed.</summary>
public enum CloseReason
{
    /// <summary>The peer closed the connection.</summary>
    PeerClosed,

    /// <summary>The connection was reset or its transport failed.</summary>
    ConnectionLost,

    /// <summary>The client ended it (MQTT: DISCONNECT), or the handler returned.</summary>
    Completed,

    /// <summary>An operator disconnected it.</summary>
    Disconnected,

    /// <summary>Serving it crashed; a <see cref="Crashed"/> event has the exception.</summary>
    Crashed,

    /// <summary>The broker is shutting down.</summary>
    Shutdown,

    /// <summary>The connections of its identity crashed repeatedly; see <see cref="IdentityQuarantined"/>.</summary>
    Quarantined,

    /// <summary>The peer broke the protocol; a <see cref="ProtocolViolated"/> event has the details.</summary>
    ProtocolError,

    /// <summary>The peer sent nothing for longer than its keep alive allows.</summary>
    KeepAliveTimeout,

    /// <summary>The peer did not send its first request in time.</summary>
    ConnectTimeout,

    /// <summary>The client was refused; a <see cref="ClientRefused"/> event has the reason.</summary>
    Refused,

    /// <summary>Another connection of the same client took the session.</summary>
    TakenOver,

    /// <summary>There was no memory for a message that the protocol has no other way to refuse.</summary>
    OutOfMemory,

    /// <summary>The peer began a packet and did not finish it in time.</summary>
    PacketTimeout,

    /// <summary>The durable store could not keep a message that the protocol has no other way to refuse.</summary>
    StoreUnavailable,

    /// <summary>The peer sent a text frame on a WebSocket, on which only binary ones are understood.</summary>
    WebSocketText,

    /// <summary>The peer sent too many pings, pongs and empty frames on a WebSocket.</summary>
    WebSocketFlood,

    /// <summary>The peer broke the WebSocket protocol in another way.</summary>
    WebSocketError,

    /// <summary>The peer's certificate was revoked by a list that was loaded after its handshake.</summary>
    CertificateRevoked,
}
