using System.Collections.Immutable;
using Cassini.Streams.Settings;

namespace Cassini.Streams.Cluster;

/// <summary>
/// A fleet of brokers that are one for their clients. Off unless <see cref="Servers"/> names an engine.
/// </summary>
public sealed record ClusterOptions
{
    /// <summary>
    /// The servers of the engine, as <c>nats://HOST:4222</c> or <c>tls://HOST:4222</c>. Empty for a broker on its own.
    /// </summary>
    [Form("addresses")]
    public ImmutableArray<string> Servers { get; init; } = [];

    /// <summary>The name of the fleet: several may share one engine. Letters, digits, hyphens and underscores.</summary>
    public string Name { get; init; } = "main";

    /// <summary>
    /// The name of this node, which no other node of the fleet has; null for the host name. Letters, digits, hyphens and underscores.
    /// </summary>
    public string? Node { get; init; }

    /// <summary>How often nodes say that they live.</summary>
    [Within("50ms", "1m")]
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>A peer that was not heard for so long is suspected.</summary>
    [Within("200ms", "5m")]
    public TimeSpan SuspectAfter { get; init; } = TimeSpan.FromSeconds(2.5);

    /// <summary>A peer that was not heard for so long is lost.</summary>
    [Within("500ms", "1h")]
    public TimeSpan DeadAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>After so many heartbeats of this node a peer that takes nothing is as one that is not heard.</summary>
    internal int LooksUntilDead => Math.Max(1, (int)(DeadAfter / HeartbeatInterval));

    /// <summary>How long the answer to SUBSCRIBE waits at most until all live peers know the subscription.</summary>
    [Within("10ms", "1m")]
    public TimeSpan SubscribePatience { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a client waits at most for a node that has its session and does not answer.</summary>
    [Within("100ms", "1m")]
    public TimeSpan TakeOverPatience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a node that starts is not ready at most because it waits for what its peers subscribe to and retain.</summary>
    [Within("100ms", "10m")]
    public TimeSpan JoinPatience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a node remembers that a retained message was removed, so that a peer that has not heard of it does not bring it back.
    /// </summary>
    [Within("1m", "365d")]
    public TimeSpan KeepRemoved { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Topics of which a node remembers that their retained message was removed; the oldest are forgotten first.</summary>
    [Within(1_000)]
    public int MaxRemoved { get; init; } = 100_000;

    /// <summary>
    /// Where others reach the management of this node, as <c>https://HOST:9090</c>: <c>GET /fleet</c> of every node says it. Null to say
    /// nothing.
    /// </summary>
    [Form("http or https URL")]
    public string? Management { get; init; }

    /// <summary>
    /// How long other nodes must say that they serve without this one until it is not ready (<c>Isolated</c>). They are asked at
    /// <see cref="Management"/> of theirs.
    /// </summary>
    [Within("1s", "10m")]
    public TimeSpan IsolationGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Whether this node is ready while the bus is not connected here, and no other is known to serve without it. When it is false, no
    /// node is ready while the engine is gone.
    /// </summary>
    public bool ReadyAlone { get; init; } = true;

    /// <summary>
    /// The CA certificates that must have issued those of the other nodes' managements. Null for the ones that the machine trusts.
    /// </summary>
    [Form("PEM file")]
    public string? ManagementCaPath { get; init; }

    /// <summary>
    /// The certificate that this node presents to the other nodes' managements, and its intermediates: a credential there. Null for none.
    /// </summary>
    [Form("PEM file")]
    public string? ManagementCertificatePath { get; init; }

    /// <summary>The private key to <see cref="ManagementCertificatePath"/>, RSA or EC, not encrypted.</summary>
    [Form("PEM file")]
    public string? ManagementKeyPath { get; init; }

    /// <summary>The bearer token for the other nodes' managements: the first line of the file. Null for none.</summary>
    [Form("text file")]
    public string? ManagementTokenPath { get; init; }

    /// <summary>
    /// Where <c>fleet.json</c> is: which nodes are gone, and where the managements of the others are. Without it: the data directory. An
    /// application that hosts the broker has none, so that a node there learns it from the others after a restart.
    /// </summary>
    [Form("directory")]
    public string? Directory { get; init; }
}
