using System.Collections.Immutable;
using Cassini.Streams.Settings;

namespace Cassini.Streams.Hosting;

/// <summary>The management HTTP surface.</summary>
public sealed record ManagementOptions
{
    /// <summary>
    /// Where it listens. On a loopback address everything is open to this machine; on any other callers need credentials for all but
    /// one word from the three probes.
    /// </summary>
    [Form("host:port")]
    public string Address { get; init; } = "127.0.0.1:9090";

    /// <summary>
    /// Whether callers need credentials although it listens on loopback: for a reverse proxy in front of it. Without it they do not on
    /// loopback, and always do elsewhere.
    /// </summary>
    public bool? RequireCredentials { get; init; }

    /// <summary>
    /// Whether it speaks TLS, with the certificate of <c>Tls:ManagementChainPath</c> or else the broker's own. A client certificate of
    /// the broker's CA is then a credential; none is demanded.
    /// </summary>
    public bool Https { get; init; }

    /// <summary>
    /// Bearer tokens, one a line, each a credential; lines that begin with # are comments. The file is read again when it changes.
    /// Without it no token is a credential.
    /// </summary>
    [Form("file")]
    public string? TokenPath { get; init; }

    /// <summary>
    /// Identities of client certificates that are credentials; exact names. When it is empty, every client certificate of the broker's
    /// CA is one.
    /// </summary>
    [Form("names")]
    public ImmutableArray<string> Identities { get; init; } = [];

    /// <summary>
    /// Names under which callers may reach it, beside addresses and names of this machine: a request whose Host is another's is
    /// refused. Where credentials are needed, empty means any name.
    /// </summary>
    [Form("host names or addresses")]
    public ImmutableArray<string> AllowedHosts { get; init; } = [];

    /// <summary>The bearer token that <c>POST /drain</c> demands; it is never shown. Without it nobody may drain that way.</summary>
    [Form("secret")]
    public string? ShutdownToken { get; init; }

    /// <summary>Tokens for <c>POST /drain</c>, in the form of <see cref="TokenPath"/>.</summary>
    [Form("file")]
    public string? ShutdownTokenPath { get; init; }

    /// <summary>Open feeds at once.</summary>
    [Within(1, 1_000_000)]
    public int MaxFeeds { get; init; } = 1024;

    /// <summary>Open feeds of one caller (an address; IPv6: one /64) at once, where credentials are needed.</summary>
    [Within(1, 1_000_000)]
    public int MaxFeedsPerCaller { get; init; } = 64;

    /// <summary>The longest silence of a healthy feed.</summary>
    [Within("100ms", "10m")]
    public TimeSpan FeedHeartbeat { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Whether rehearsal faults may be asked for.</summary>
    public bool EnableFaults { get; init; }

    /// <summary>Long polls at once.</summary>
    [Within(1, 1_000_000)]
    public int MaxWaits { get; init; } = 1024;

    /// <summary>Long polls of one caller at once, where credentials are needed.</summary>
    [Within(1, 1_000_000)]
    public int MaxWaitsPerCaller { get; init; } = 64;

    /// <summary>Connections of one caller at once, where credentials are needed.</summary>
    [Within(1, 1_000_000)]
    public int MaxConnectionsPerCaller { get; init; } = 128;

    /// <summary>How often one caller may ask in the long run, where credentials are needed.</summary>
    [Within(1, 1_000_000, Unit = "requests a second")]
    public int RequestRate { get; init; } = 50;

    /// <summary>Requests that one caller may make at once after a pause, where credentials are needed.</summary>
    [Within(1, 1_000_000)]
    public int RequestBurst { get; init; } = 200;

    /// <summary>
    /// Where the gRPC health protocol answers, in the clear; off loopback it tells of the three probes only, and not of each check.
    /// Without it: nowhere.
    /// </summary>
    [Form("host:port")]
    public string? GrpcAddress { get; init; }

    /// <summary>Open watches of the gRPC health protocol at once.</summary>
    [Within(1, 1_000_000)]
    public int MaxWatches { get; init; } = 256;
}
