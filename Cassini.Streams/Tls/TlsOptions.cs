using Cassini.Streams.Settings;

namespace Cassini.Streams.Tls;

/// <summary>The files of mutual TLS, and how they are watched.</summary>
public sealed record TlsOptions : IOptionsRecord
{
    /// <summary>The CA certificates that must have issued the clients' certificates. An intermediate CA is enough.</summary>
    [Form("PEM file")]
    public required string CaPath { get; init; }

    /// <summary>The server's own certificate first, then its intermediates.</summary>
    [Form("PEM file")]
    public required string ServerChainPath { get; init; }

    /// <summary>The server's private key, RSA or EC, not encrypted.</summary>
    [Form("PEM file")]
    public required string ServerKeyPath { get; init; }

    /// <summary>The revocation lists of the CA. Without it no certificate is revoked.</summary>
    [Form("PEM or DER file")]
    public string? CrlPath { get; init; }

    /// <summary>
    /// A certificate and intermediates only for the management surface. Without it that serves the broker's certificate.
    /// </summary>
    [Form("PEM file")]
    public string? ManagementChainPath { get; init; }

    /// <summary>The private key to <see cref="ManagementChainPath"/>, RSA or EC, not encrypted.</summary>
    [Form("PEM file")]
    public string? ManagementKeyPath { get; init; }

    /// <summary>
    /// Whether open connections end when a list that is loaded revokes their certificates. Otherwise only new ones are refused. A changed
    /// value applies from the next start.
    /// </summary>
    public bool DisconnectRevoked { get; init; } = true;

    /// <summary>
    /// Which name of a client's certificate is its identity. When a certificate lacks that name, the other one is used. A changed value
    /// applies from the next start.
    /// </summary>
    public IdentitySource IdentityFrom { get; init; }

    /// <summary>
    /// Whether clients' certificates, and intermediate CAs of clients, may be signed with SHA-1, or have RSA keys of fewer than 2,048 bits
    /// or EC keys of fewer than 224. Such signatures and keys can be forged. A changed value applies from the next start.
    /// </summary>
    public bool AllowWeakClients { get; init; }

    /// <summary>How often the files are read. A change is in use after two reads that gave the same content.</summary>
    [Within("10ms", "1d")]
    public TimeSpan ReloadInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long before its end a certificate counts as expiring, but never longer than the last third of its life, so that a one-day
    /// certificate or a weekly revocation list is not always expiring.
    /// </summary>
    [Within("0", "3650d")]
    public TimeSpan ExpiringWithin { get; init; } = TimeSpan.FromDays(14);
}
