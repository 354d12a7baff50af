using System.Collections.Immutable;
using System.Text;
using Cassini.Streams.Settings;

namespace Cassini.Management.Http;

/// <summary>The management HTTP surface.</summary>
public sealed record ManagementOptions : IOptionsRecord
{
    /// <summary>
    /// The address that it listens on. On a loopback address everything is open to this machine. On any other address callers need
    /// credentials for everything except the one-word answers of the three probes. <c>[::]</c> stands for all addresses of the machine,
    /// IPv4 too.
    /// </summary>
    [Form("host:port")]
    public string Address { get; init; } = "127.0.0.1:9090";

    /// <summary>
    /// What people call this broker: the start-up text, the dashboard, the body of <c>/healthz</c> and <c>cassini watch</c> show it.
    /// Without it: the name of the host.
    /// </summary>
    [Form("name")]
    public string? Name { get; init; }

    /// <summary>
    /// Whether callers need credentials even on loopback, for a reverse proxy in front of it. Without it callers need none on loopback,
    /// and always need them elsewhere.
    /// </summary>
    public bool? RequireCredentials { get; init; }

    /// <summary>
    /// Whether it uses TLS, with the certificate of <c>Tls:ManagementChainPath</c> or otherwise the broker's own. A client certificate
    /// of the broker's CA is then a credential, but none is required.
    /// </summary>
    public bool Https { get; init; }

    /// <summary>
    /// Bearer tokens, one per line, each a credential. Lines that begin with # are comments. The file is read again when it changes.
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
    /// Names that callers may use for it, in addition to the addresses and names of this machine. A request with another Host is
    /// refused. Where credentials are needed, empty means any name.
    /// </summary>
    [Form("host names or addresses")]
    public ImmutableArray<string> AllowedHosts { get; init; } = [];

    /// <summary>The bearer token that <c>POST /drain</c> requires; it is never shown. Without it no caller may drain that way.</summary>
    [Form(FormAttribute.Secret)]
    public string? ShutdownToken { get; init; }

    /// <summary>Tokens for <c>POST /drain</c>, in the form of <see cref="TokenPath"/>.</summary>
    [Form("file")]
    public string? ShutdownTokenPath { get; init; }

    /// <summary>Open feeds at once. One more is 503.</summary>
    [Within(1, 1_000_000)]
    public int MaxFeeds { get; init; } = 1024;

    /// <summary>
    /// Open feeds of one caller (an address; IPv6: one /64) at once, where credentials are needed. One more is 429. Open watches of the
    /// gRPC health protocol have the same limit: one more is RESOURCE_EXHAUSTED.
    /// </summary>
    [Within(1, 1_000_000)]
    public int MaxFeedsPerCaller { get; init; } = 64;

    /// <summary>The longest silence of a healthy feed.</summary>
    [Within("100ms", "10m")]
    public TimeSpan FeedHeartbeat { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// The identity of the client that publishes and subscribes for callers of the management: access rules, quotas and retained messages
    /// name it like that of a client certificate. Its client identifier is the same.
    /// </summary>
    [Form("name")]
    public string ClientIdentity { get; init; } = "management";

    /// <summary>Open streams of messages at once. One more is 503.</summary>
    [Within(1, 10_000)]
    public int MaxMessageStreams { get; init; } = 64;

    /// <summary>Open streams of messages of one caller at once, where credentials are needed. One more is 429.</summary>
    [Within(1, 10_000)]
    public int MaxMessageStreamsPerCaller { get; init; } = 16;

    /// <summary>Whether rehearsal faults may be requested.</summary>
    public bool EnableFaults { get; init; }

    /// <summary>Long polls at once. One more is 503. Callers without credentials get at most half of them.</summary>
    [Within(1, 1_000_000)]
    public int MaxWaits { get; init; } = 1024;

    /// <summary>Long polls of one caller at once, where credentials are needed. One more is 429.</summary>
    [Within(1, 1_000_000)]
    public int MaxWaitsPerCaller { get; init; } = 64;

    /// <summary>Connections of one caller at once, where credentials are needed. One more is closed at once.</summary>
    [Within(1, 1_000_000)]
    public int MaxConnectionsPerCaller { get; init; } = 128;

    /// <summary>
    /// The long-term request rate of one caller, where credentials are needed, and of <c>POST /drain</c> everywhere. Beyond it a request is
    /// 429, except a probe without parameters.
    /// </summary>
    [Within(1, 1_000_000, Unit = "requests a second")]
    public int RequestRate { get; init; } = 50;

    /// <summary>Requests that one caller may make at once after a pause, where <see cref="RequestRate"/> applies.</summary>
    [Within(1, 1_000_000)]
    public int RequestBurst { get; init; } = 200;

    /// <summary>
    /// The address of the gRPC health protocol, without TLS. On an address other than loopback it reports only the three probes, and not
    /// each check. Without it the protocol is not served.
    /// </summary>
    [Form("host:port")]
    public string? GrpcAddress { get; init; }

    /// <summary>Open watches of the gRPC health protocol at once. One more is RESOURCE_EXHAUSTED.</summary>
    [Within(1, 1_000_000)]
    public int MaxWatches { get; init; } = 256;

    /// <summary>Every setting with its value; of <see cref="ShutdownToken"/> only whether it is set.</summary>
    public override string ToString()
    {
        var shown = this with { ShutdownToken = ShutdownToken is null ? null : "(set)" };
        var text = new StringBuilder(nameof(ManagementOptions)).Append(" { ");
        shown.PrintMembers(text);
        return text.Append(" }").ToString();
    }
}
