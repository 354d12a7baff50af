using System.Collections.Immutable;
using Cassini.Streams.Listening.Endpoints;

namespace Cassini.Streams.Listening;

/// <summary>How endpoints listen, and what they may cost.</summary>
public sealed record ListenerOptions
{
    /// <summary>The endpoints, in the order of the configuration; no two alike, at least one.</summary>
    public required ImmutableArray<EndpointAddress> Endpoints { get; init; }

    /// <summary>Connections that the kernel completes before they are accepted, per endpoint. Default 4096; 1 … 65535.</summary>
    public int Backlog { get; init; } = 4096;

    /// <summary>
    /// How long a peer may stay silent after its connect, and how long its handshake may then take. Default 10 s;
    /// 100 ms … 10 min.
    /// </summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Handshakes in flight at once. Default 256; at least 1.</summary>
    public int MaxHandshakes { get; init; } = 256;

    /// <summary>Handshakes in flight at once from one address (IPv6: one /64). Default 64; at least 1.</summary>
    public int MaxHandshakesPerAddress { get; init; } = 64;

    /// <summary>
    /// While others wait and no handshake has succeeded for this time, one that is older makes room. Default 2 s;
    /// 10 ms … 10 min.
    /// </summary>
    public TimeSpan StallGrace { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Connections accepted that have no place in a handshake yet. Default 12,000; at least 1. Beyond it the address with the most makes room.</summary>
    public int MaxPending { get; init; } = 12_000;

    /// <summary>The same for one address (IPv6: one /64). Default 8192; at least 1. Beyond it its oldest silent connection makes room.</summary>
    public int MaxPendingPerAddress { get; init; } = 8192;

    /// <summary>Open connections. Default 10,000; at least 1. Clients beyond it are refused after their handshake.</summary>
    public int MaxConnections { get; init; } = 10_000;

    /// <summary>Delay after a first failed bind. Default 250 ms; more than zero. Doubles with each further failure.</summary>
    public TimeSpan BindRetryDelay { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The longest delay between two bind attempts. Default 30 s; at least <see cref="BindRetryDelay"/>.</summary>
    public TimeSpan MaxBindRetryDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Delay after a first failed accept. Default 10 ms; more than zero. Doubles with each further failure in a row.</summary>
    public TimeSpan AcceptBackOff { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>The longest delay between two failing accepts. Default 1 s; at least <see cref="AcceptBackOff"/>.</summary>
    public TimeSpan MaxAcceptBackOff { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>An identity whose connections crash this often within <see cref="QuarantineWindow"/> is quarantined. Default 3; 0 switches it off.</summary>
    public int QuarantineAfter { get; init; } = 3;

    /// <summary>How long a connection's crash counts towards quarantine. Default 60 s; more than zero.</summary>
    public TimeSpan QuarantineWindow { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long the first quarantine of an identity lasts. Default 30 s; more than zero. Doubles each time.</summary>
    public TimeSpan QuarantineDuration { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest quarantine. Default 1 h; at least <see cref="QuarantineDuration"/>.</summary>
    public TimeSpan MaxQuarantineDuration { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long a connection that must end may take before its socket is taken away. Default 5 s; zero … 10 min.</summary>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(5);
}
