namespace Cassini.Streams.Events;

/// <summary>Why an open connection closed, and the session that it carried.</summary>
public enum CloseReason
{
    /// <summary>The peer closed the connection.</summary>
    PeerClosed,

    /// <summary>The connection was reset or its transport failed.</summary>
    ConnectionLost,

    /// <summary>The client said goodbye (MQTT: DISCONNECT), or the handler ended it of its own accord.</summary>
    Completed,

    /// <summary>An operator disconnected it.</summary>
    Disconnected,

    /// <summary>Serving it crashed; a <see cref="Crashed"/> event tells how.</summary>
    Crashed,

    /// <summary>The broker is shutting down.</summary>
    Shutdown,

    /// <summary>The connections of its identity crashed repeatedly; see <see cref="IdentityQuarantined"/>.</summary>
    Quarantined,

    /// <summary>The peer broke the protocol; a <see cref="ProtocolViolated"/> event tells how.</summary>
    ProtocolError,

    /// <summary>The peer sent nothing for longer than its keep alive allows.</summary>
    KeepAliveTimeout,

    /// <summary>The peer did not say in time what it wants.</summary>
    ConnectTimeout,

    /// <summary>The client was refused; a <see cref="ClientRefused"/> event tells why.</summary>
    Refused,

    /// <summary>Another connection of the same client took the session.</summary>
    TakenOver,

    /// <summary>There was no memory for a message that could not be refused in another way.</summary>
    OutOfMemory,
}
