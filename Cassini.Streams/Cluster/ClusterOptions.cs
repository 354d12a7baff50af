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

    /// <summary>How long the answer to SUBSCRIBE waits at most until all live peers know the subscription.</summary>
    [Within("10ms", "1m")]
    public TimeSpan SubscribePatience { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a node that starts is not ready at most because it waits for what its peers subscribe to.</summary>
    [Within("100ms", "10m")]
    public TimeSpan JoinPatience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Where others reach the management of this node, as <c>https://HOST:9090</c>: <c>GET /fleet</c> of every node says it. Null to say
    /// nothing.
    /// </summary>
    [Form("http or https URL")]
    public string? Management { get; init; }

    /// <summary>
    /// Where <c>fleet.json</c> is: which nodes are gone. Without it: the data directory. An application that hosts the broker has none, so
    /// that a node there learns it from the others after a restart.
    /// </summary>
    [Form("directory")]
    public string? Directory { get; init; }
}
