namespace Cassini.Streams.Events;

/// <summary>A heartbeat made its round trip through the listener manager's mailbox.</summary>
/// <param name="RoundTrip">The time from its post to its answer.</param>
/// <param name="LiveConnections">How many connections the manager's own table holds (probe traffic is not in it).</param>
/// <param name="CountedAt">The sequence of the last event published before the manager counted.</param>
public sealed record HeartbeatReceived(TimeSpan RoundTrip, int LiveConnections, long CountedAt) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Probing;
}

/// <summary>An endpoint's accept loop acknowledged one of our own bare TCP connections.</summary>
/// <param name="Endpoint">The endpoint as configured.</param>
/// <param name="RoundTrip">The time from the connect to the loop's acknowledgement.</param>
public sealed record AcceptProbed(string Endpoint, TimeSpan RoundTrip) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Probing;
}

/// <summary>The canary is switched off because it has no client certificate.</summary>
/// <param name="Reason">For people: which option switches it on.</param>
public sealed record CanaryDisabled(string Reason) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Probing;
}

/// <summary>The canary, a real mTLS client of our own, made the whole round trip on every bound endpoint.</summary>
/// <param name="Connect">TCP connect, of the slowest endpoint.</param>
/// <param name="Handshake">TLS handshake, of the slowest endpoint.</param>
/// <param name="Session">Until the other side's session was open, in MQTT until CONNACK, of the slowest endpoint.</param>
/// <param name="Total">The whole round trip, of the slowest endpoint.</param>
/// <param name="Subscribe">Until its subscription was granted, of the slowest endpoint; null when the host serves no MQTT.</param>
/// <param name="Deliver">From its publish until its own message was back and acknowledged, of the slowest endpoint; null when the host
/// serves no MQTT.</param>
public sealed record CanarySucceeded(
    TimeSpan Connect, TimeSpan Handshake, TimeSpan Session, TimeSpan Total,
    TimeSpan? Subscribe = null, TimeSpan? Deliver = null) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Probing;
}

/// <summary>The stages of the canary's round trip.</summary>
public enum CanaryStage
{
    /// <summary>TCP connect.</summary>
    Connect,

    /// <summary>TLS handshake.</summary>
    Handshake,

    /// <summary>The certificate served is the certificate loaded.</summary>
    Certificate,

    /// <summary>The broker opened a session; in MQTT it accepted CONNECT.</summary>
    Session,

    /// <summary>MQTT: a subscription was granted.</summary>
    Subscribe,

    /// <summary>MQTT: its own message came back, and was acknowledged.</summary>
    Deliver,
}

/// <summary>Why the canary failed.</summary>
public enum CanaryFailure
{
    /// <summary>No endpoint is bound, so there is nothing to connect to.</summary>
    NothingBound,

    /// <summary>The stage did not end within the time-out.</summary>
    TimedOut,

    /// <summary>The connection was refused or reset.</summary>
    ConnectionFailed,

    /// <summary>The TLS handshake failed.</summary>
    HandshakeFailed,

    /// <summary>The certificate served is not the one that is loaded.</summary>
    WrongCertificate,

    /// <summary>The broker refused the canary.</summary>
    Refused,

    /// <summary>The canary's own client certificate has expired. This is no evidence about the broker.</summary>
    OwnCertificateExpired,

    /// <summary>The canary did not receive its own message exactly once.</summary>
    WrongMessage,

    /// <summary>The broker's answer was not MQTT, or not the expected packet.</summary>
    WrongAnswer,
}

/// <summary>The canary did not make its round trip.</summary>
/// <param name="Endpoint">The endpoint as configured; null when none is bound.</param>
/// <param name="Stage">The stage in which it failed.</param>
/// <param name="Reason">Why it failed.</param>
/// <param name="Detail">For people.</param>
public sealed record CanaryFailed(string? Endpoint, CanaryStage Stage, CanaryFailure Reason, string Detail) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Probing;
}
