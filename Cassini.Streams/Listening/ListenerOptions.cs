using System.Collections.Immutable;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Settings;

namespace Cassini.Streams.Listening;

/// <summary>How endpoints listen, and their limits.</summary>
public sealed record ListenerOptions : IOptionsRecord
{
    /// <summary>
    /// The endpoints that clients connect to, in the order of the configuration. <c>0.0.0.0</c> stands for all IPv4 addresses of the
    /// machine, <c>[::]</c> for all its addresses, IPv4 too.
    /// </summary>
    [Form("host:port")]
    public required ImmutableArray<EndpointAddress> Endpoints { get; init; }

    /// <summary>
    /// The endpoints that clients connect to by WebSocket over TLS, such as browsers.
    /// </summary>
    [Form("host:port")]
    public ImmutableArray<EndpointAddress> WebSocketEndpoints { get; init; } = [];

    /// <summary>
    /// The origins of the web pages that may connect to <see cref="WebSocketEndpoints"/>. Without any, only pages of the same host may,
    /// over HTTPS. Clients that are no browsers have no origin, and this does not concern them.
    /// </summary>
    [Form("scheme://host or scheme://host:port")]
    public ImmutableArray<string> WebSocketOrigins { get; init; } = [];

    /// <summary>Connections that the kernel completes before they are accepted, per endpoint.</summary>
    [Within(1, 65_535)]
    public int Backlog { get; init; } = 4096;

    /// <summary>How long a peer may stay silent after its connect, and how long its handshake may then take.</summary>
    [Within("100ms", "10m")]
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The most handshakes in flight at once.</summary>
    [Within(1, 1_000_000)]
    public int MaxHandshakes { get; init; } = 256;

    /// <summary>The most handshakes in flight at once from one address (IPv6: one /64).</summary>
    [Within(1, 1_000_000)]
    public int MaxHandshakesPerAddress { get; init; } = 64;

    /// <summary>
    /// While connections wait and no handshake has succeeded for this time, handshakes that have lasted longer are evicted.
    /// </summary>
    [Within("10ms", "10m")]
    public TimeSpan StallGrace { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Accepted connections that wait for a handshake slot. Beyond this number, one of the address with the most of them is evicted.
    /// </summary>
    [Within(1, 1_000_000)]
    public int MaxPending { get; init; } = 12_000;

    /// <summary>
    /// Accepted connections of one address (IPv6: one /64) that wait for a handshake slot. Beyond this number, its oldest silent one is
    /// evicted.
    /// </summary>
    [Within(1, 1_000_000)]
    public int MaxPendingPerAddress { get; init; } = 8192;

    /// <summary>Open connections. Beyond this number, clients are refused after their handshake.</summary>
    [Within(1, 10_000_000)]
    public int MaxConnections { get; init; } = 10_000;

    /// <summary>
    /// After this time without a byte from a peer the system asks whether it is still there (TCP keep-alive). A peer that is gone without
    /// a word loses its connection after this time and <see cref="TcpKeepAliveProbes"/> times <see cref="TcpKeepAliveInterval"/>, also when
    /// its MQTT keep alive is 0. 0 means that the system never asks.
    /// </summary>
    [Within("0", "1d")]
    public TimeSpan TcpKeepAlive { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long the system waits for an answer before it asks again.</summary>
    [Within("1s", "1h")]
    public TimeSpan TcpKeepAliveInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>After this many questions without an answer the peer is gone.</summary>
    [Within(1, 127)]
    public int TcpKeepAliveProbes { get; init; } = 6;

    /// <summary>Delay after a first failed bind. It doubles with each further failure.</summary>
    [Within("10ms", "1h")]
    public TimeSpan BindRetryDelay { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The longest delay between two attempts to bind.</summary>
    [Within("10ms", "1h")]
    public TimeSpan MaxBindRetryDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Delay after a first failed accept. It doubles with each further failure in a row.</summary>
    [Within("1ms", "1h")]
    public TimeSpan AcceptBackOff { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>The longest delay between two accepts that fail.</summary>
    [Within("1ms", "1h")]
    public TimeSpan MaxAcceptBackOff { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// An identity whose connections crash this often within <see cref="QuarantineWindow"/> is quarantined. 0 switches quarantine off.
    /// </summary>
    [Within(0, 1_000_000)]
    public int QuarantineAfter { get; init; } = 3;

    /// <summary>How long a connection's crash counts towards quarantine.</summary>
    [Within("1s", "1d")]
    public TimeSpan QuarantineWindow { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long the first quarantine of an identity lasts. It doubles each time.</summary>
    [Within("1s", "1d")]
    public TimeSpan QuarantineDuration { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest quarantine.</summary>
    [Within("1s", "30d")]
    public TimeSpan MaxQuarantineDuration { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long a connection that must end may take before its socket is closed.</summary>
    [Within("0", "10m")]
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>All endpoints, those of WebSocket last.</summary>
    internal ImmutableArray<EndpointAddress> AllEndpoints =>
        [.. Endpoints.IsDefault ? [] : Endpoints, .. WebSocketEndpoints.IsDefault ? [] : WebSocketEndpoints];
}
