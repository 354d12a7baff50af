using System.Security.Cryptography.X509Certificates;

namespace Cassini.Tests.Tls;

/// <summary>What is special about a certificate that <see cref="TestAuthority"/> issues; what is not set is as it should be.</summary>
internal sealed record LeafSpec
{
    public const string ServerAuth = "1.3.6.1.5.5.7.3.1";
    public const string ClientAuth = "1.3.6.1.5.5.7.3.2";

    /// <summary>Default: an hour ago.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Default: in 90 days.</summary>
    public DateTimeOffset? NotAfter { get; init; }

    /// <summary>Default: clientAuth or serverAuth. Empty: no extension.</summary>
    public string[]? ExtendedKeyUsages { get; init; }

    /// <summary>Default: digitalSignature. Null: no extension.</summary>
    public X509KeyUsageFlags? KeyUsage { get; init; } = X509KeyUsageFlags.DigitalSignature;

    /// <summary>Default: 16 random bytes.</summary>
    public byte[]? Serial { get; init; }

    /// <summary>RSA 2048 instead of EC P-256.</summary>
    public bool Rsa { get; init; }

    /// <summary>A subject in place of <c>CN=name</c>; may be empty.</summary>
    public X500DistinguishedName? Subject { get; init; }

    /// <summary>Further extensions, such as alternative names.</summary>
    public X509Extension[] Extensions { get; init; } = [];
}
