using Cassini.Streams.Tls.Clients;

namespace Cassini.Streams.Tls;

/// <summary>Which files mutual TLS is made of, and how they are watched.</summary>
public sealed record TlsOptions
{
    /// <summary>The setting behind <see cref="CaPath"/>.</summary>
    public const string CaSetting = "TLS_CA_CERT";

    /// <summary>The setting behind <see cref="ServerChainPath"/>.</summary>
    public const string ServerChainSetting = "TLS_SERVER_CERT_CHAIN";

    /// <summary>The setting behind <see cref="ServerKeyPath"/>.</summary>
    public const string ServerKeySetting = "TLS_SERVER_KEY";

    /// <summary>The setting behind <see cref="CrlPath"/>.</summary>
    public const string CrlSetting = "TLS_CRL";

    /// <summary>PEM file with the CA certificates that clients' certificates must come from. An intermediate CA will do.</summary>
    public required string CaPath { get; init; }

    /// <summary>PEM file with the server's own certificate first, then its intermediates.</summary>
    public required string ServerChainPath { get; init; }

    /// <summary>PEM file with the server's private key, RSA or EC, not encrypted.</summary>
    public required string ServerKeyPath { get; init; }

    /// <summary>PEM or DER file with the revocation lists of the CA. Default null: nothing is revoked.</summary>
    public string? CrlPath { get; init; }

    /// <summary>
    /// PEM file with a certificate and intermediates for the management surface alone; it goes together with
    /// <see cref="ManagementKeyPath"/>. Default null: it serves the broker's own.
    /// </summary>
    public string? ManagementChainPath { get; init; }

    /// <summary>PEM file with the private key to <see cref="ManagementChainPath"/>, RSA or EC, not encrypted. Default null.</summary>
    public string? ManagementKeyPath { get; init; }

    /// <summary>
    /// Which name of a client's certificate is its identity; one that lacks it is known by the other. Default
    /// <see cref="IdentitySource.CommonName"/>. What is set counts for connections that begin after the start.
    /// </summary>
    public IdentitySource IdentityFrom { get; init; }

    /// <summary>How often the files are looked at; a change is in use after two looks. Default 1 s, must be positive.</summary>
    public TimeSpan ReloadInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long before its end a certificate counts as expiring, but never more than the last third of its own life, so that
    /// a certificate of a day or a weekly revocation list is not always expiring. Default 14 days, must not be negative.
    /// </summary>
    public TimeSpan ExpiringWithin { get; init; } = TimeSpan.FromDays(14);
}
