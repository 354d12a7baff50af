using System.Collections.Immutable;

namespace Cassini.Streams.Hosting;

/// <summary>The management HTTP surface.</summary>
public sealed record ManagementOptions
{
    /// <summary>
    /// Where it listens, <c>host:port</c>. On a loopback address everything is open to this machine; on any other callers need
    /// credentials for all but one word from the three probes. Default 127.0.0.1:9090.
    /// </summary>
    public string Address { get; init; } = "127.0.0.1:9090";

    /// <summary>
    /// Whether callers need credentials although it listens on loopback: for a reverse proxy in front of it. Default null: on loopback
    /// they do not, elsewhere they always do.
    /// </summary>
    public bool? RequireCredentials { get; init; }

    /// <summary>
    /// Whether it speaks TLS, with the certificate of <c>Tls:ManagementChainPath</c> or else the broker's own. A client certificate of
    /// the broker's CA is then a credential; none is demanded. Default false.
    /// </summary>
    public bool Https { get; init; }

    /// <summary>
    /// File of bearer tokens, one a line, each a credential; lines that begin with # are comments. It is read again when it changes.
    /// Default null: no token is one.
    /// </summary>
    public string? TokenPath { get; init; }

    /// <summary>
    /// Identities of client certificates that are credentials; exact names. Default empty: every client certificate of the broker's CA
    /// is one.
    /// </summary>
    public ImmutableArray<string> Identities { get; init; } = [];

    /// <summary>
    /// Names under which callers may reach it, beside addresses and names of this machine: a request whose Host is another's is refused.
    /// Default empty. Where credentials are needed, empty means any name.
    /// </summary>
    public ImmutableArray<string> AllowedHosts { get; init; } = [];

    /// <summary>The bearer token that <c>POST /drain</c> demands. A secret: it is never shown. Default null: nobody may drain that way.</summary>
    public string? ShutdownToken { get; init; }

    /// <summary>File with such tokens, in the form of <see cref="TokenPath"/>. Default null.</summary>
    public string? ShutdownTokenPath { get; init; }

    /// <summary>Open feeds at once. Default 1,024.</summary>
    public int MaxFeeds { get; init; } = 1024;

    /// <summary>Open feeds of one caller (an address; IPv6: one /64) at once, where credentials are needed. Default 64.</summary>
    public int MaxFeedsPerCaller { get; init; } = 64;

    /// <summary>The longest silence of a healthy feed. Default 15 s.</summary>
    public TimeSpan FeedHeartbeat { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Whether rehearsal faults may be asked for; on an open loopback address only. Default false.</summary>
    public bool EnableFaults { get; init; }

    /// <summary>Long polls at once. Default 1,024.</summary>
    public int MaxWaits { get; init; } = 1024;

    /// <summary>Long polls of one caller at once, where credentials are needed. Default 64.</summary>
    public int MaxWaitsPerCaller { get; init; } = 64;

    /// <summary>Connections of one caller at once, where credentials are needed. Default 128.</summary>
    public int MaxConnectionsPerCaller { get; init; } = 128;

    /// <summary>Requests a second that one caller may make in the long run, where credentials are needed. Default 50.</summary>
    public int RequestRate { get; init; } = 50;

    /// <summary>Requests that one caller may make at once after a pause, where credentials are needed. Default 200.</summary>
    public int RequestBurst { get; init; } = 200;

    /// <summary>
    /// Where the gRPC health protocol answers, <c>host:port</c>, in the clear; off loopback it tells of the three probes only, and
    /// not of each check. Default null: nowhere.
    /// </summary>
    public string? GrpcAddress { get; init; }

    /// <summary>Open watches of the gRPC health protocol at once. Default 256.</summary>
    public int MaxWatches { get; init; } = 256;
}
