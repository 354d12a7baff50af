namespace Cassini.Streams.Events;

/// <summary>
/// A socket was accepted. It is <em>handshaking</em> until <see cref="HandshakeCompleted"/> makes it <em>open</em>,
/// and is <em>closed</em> by exactly one terminal event: <see cref="HandshakeFailed"/> or <see cref="ConnectionClosed"/>.
/// </summary>
/// <param name="ConnectionId">1, 2, 3 … within the epoch.</param>
/// <param name="Endpoint">The endpoint as configured.</param>
/// <param name="RemoteAddress">The peer's <c>address:port</c>.</param>
public sealed record ConnectionAccepted(long ConnectionId, string Endpoint, string RemoteAddress) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Connection;
}

/// <summary>The peer's client certificate was accepted: the connection is open.</summary>
/// <param name="ConnectionId">The connection.</param>
/// <param name="Identity">The identity from the client certificate.</param>
/// <param name="Protocol">The TLS version, <c>TLS 1.2</c> or <c>TLS 1.3</c>; for a WebSocket <c>WebSocket over TLS 1.3</c>.</param>
/// <param name="Duration">From the peer's first bytes to the end of the handshake.</param>
public sealed record HandshakeCompleted(long ConnectionId, string Identity, string Protocol, TimeSpan Duration) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Connection;
}

/// <summary>Why a connection never became open.</summary>
public enum HandshakeFailure
{
    /// <summary>The peer connected and closed without sending a byte: a TCP probe. Not a failure.</summary>
    BareProbe,

    /// <summary>The peer connected and sent nothing until the time-out. Not a handshake failure, because no handshake began.</summary>
    Silent,

    /// <summary>The peer's first bytes are not TLS.</summary>
    NotTls,

    /// <summary>The peer began a handshake and did not finish it in time.</summary>
    TimedOut,

    /// <summary>The peer closed the connection during the handshake.</summary>
    PeerClosed,

    /// <summary>The peer ended the handshake with a TLS alert, for example because it does not trust our certificate.</summary>
    PeerAlert,

    /// <summary>No TLS version or cipher in common.</summary>
    UnsupportedProtocol,

    /// <summary>The peer broke the TLS protocol in another way.</summary>
    ProtocolError,

    /// <summary>The peer presented no client certificate.</summary>
    NoCertificate,

    /// <summary>The client certificate was not issued by the configured CA.</summary>
    UntrustedCertificate,

    /// <summary>The client certificate has expired.</summary>
    ExpiredCertificate,

    /// <summary>The client certificate is not valid yet.</summary>
    NotYetValidCertificate,

    /// <summary>The certificate may not be used for client authentication.</summary>
    WrongUsageCertificate,

    /// <summary>The client certificate is on the configured revocation list.</summary>
    RevokedCertificate,

    /// <summary>The certificate chain is unusable for another reason.</summary>
    InvalidCertificate,

    /// <summary>The identity's connections crashed repeatedly: it is refused for a time that grows with each quarantine.</summary>
    Quarantined,

    /// <summary>The broker already has the maximum number of connections.</summary>
    ConnectionLimit,

    /// <summary>Too many connections wait for a handshake; this one was evicted, or got no slot in time.</summary>
    HandshakeLimit,

    /// <summary>The broker is shutting down.</summary>
    Shutdown,

    /// <summary>The code that serves the handshake crashed; a <see cref="Crashed"/> event has the exception.</summary>
    Crashed,

    /// <summary>
    /// The client certificate has no name that could be an identity: no subject, and no DNS, URI or e-mail alternative name.
    /// </summary>
    NamelessCertificate,

    /// <summary>Its identity has its share of the open connections.</summary>
    ConnectionQuota,

    /// <summary>
    /// The client certificate, or an intermediate CA of it, is signed with SHA-1 or has a key that is too short, such as RSA of 1,024 bits.
    /// </summary>
    WeakCertificate,

    /// <summary>On a WebSocket endpoint, after TLS: the peer's request is no WebSocket upgrade that can be accepted.</summary>
    NotWebSocket,

    /// <summary>On a WebSocket endpoint, after TLS: the request comes from a page whose origin may not connect.</summary>
    ForeignOrigin,
}

/// <summary>The terminal event of a connection that never became open.</summary>
/// <param name="ConnectionId">The connection.</param>
/// <param name="Reason">Why.</param>
/// <param name="Detail">For people; null when the reason says all.</param>
/// <param name="Duration">From the accept to the end.</param>
/// <param name="RemoteAddress">The peer's <c>address:port</c>; null in a record of Cassini before version 3 of the format.</param>
public sealed record HandshakeFailed(
    long ConnectionId, HandshakeFailure Reason, string? Detail, TimeSpan Duration, string? RemoteAddress = null) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Connection;

    /// <summary>Whether a peer was refused: one that sent nothing made no handshake, and our own shutdown refuses nobody.</summary>
    internal bool IsRefusal => Reason is not (HandshakeFailure.BareProbe or HandshakeFailure.Silent or HandshakeFailure.Shutdown);
}

/// <summary>The connection's handler began to serve it. <see cref="ConnectionClosed"/> is its end.</summary>
/// <param name="ConnectionId">The connection.</param>
/// <param name="Identity">The identity from the client certificate.</param>
public sealed record ConnectionOpened(long ConnectionId, string Identity) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Connection;
}

/// <summary>The terminal event of a connection that was open. The session that it carried has already closed.</summary>
/// <param name="ConnectionId">The connection.</param>
/// <param name="Reason">Why.</param>
/// <param name="Duration">From the accept to the end.</param>
/// <param name="BytesReceived">Application bytes read from the peer.</param>
/// <param name="BytesSent">Application bytes written to the peer.</param>
public sealed record ConnectionClosed(
    long ConnectionId,
    CloseReason Reason,
    TimeSpan Duration,
    long BytesReceived,
    long BytesSent) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Connection;
}

/// <summary>An identity's connections crashed repeatedly: its connections are refused until the duration is over.</summary>
/// <param name="Identity">The identity from the client certificate.</param>
/// <param name="Crashes">Crashes that led to it.</param>
/// <param name="Duration">How long it is refused; grows each time.</param>
public sealed record IdentityQuarantined(string Identity, int Crashes, TimeSpan Duration) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Connection;
}
