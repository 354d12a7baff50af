using System.Collections.Immutable;

namespace Cassini.Streams.Tls.Development;

/// <summary>Whether a certificate of a directory can be used.</summary>
public enum DevelopmentCertificateState
{
    /// <summary>It is valid now.</summary>
    Valid,

    /// <summary>It is valid, and ends within 30 days.</summary>
    Expiring,

    /// <summary>It has ended.</summary>
    Expired,

    /// <summary>It is on the CA's revocation list.</summary>
    Revoked,

    /// <summary>It is not from the CA of the directory.</summary>
    Foreign,

    /// <summary>Its file holds no certificate that can be read.</summary>
    Unreadable,
}

/// <summary>A certificate of a directory.</summary>
/// <param name="Name">Its name, as in NAME.pem.</param>
/// <param name="State">Whether it can be used.</param>
/// <param name="NotAfter">When it ends, UTC; null when it cannot be read.</param>
/// <param name="Hosts">The names and addresses of a server; empty for all others.</param>
public sealed record DevelopmentCertificate(
    string Name, DevelopmentCertificateState State, DateTimeOffset? NotAfter, ImmutableArray<string> Hosts);
