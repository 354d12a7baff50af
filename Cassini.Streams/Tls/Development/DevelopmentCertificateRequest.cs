using System.Collections.Immutable;

namespace Cassini.Streams.Tls.Development;

/// <summary>What a directory of development certificates is to have beside ca, server, client and canary.</summary>
public sealed record DevelopmentCertificateRequest
{
    /// <summary>
    /// Further clients: 1 to 64 of A-Z a-z 0-9 . _ - each, not beginning with . or -; the name is the certificate's CN. Default: none.
    /// </summary>
    public ImmutableArray<string> Clients { get; init; } = [];

    /// <summary>
    /// Names and addresses of the server beside localhost, 127.0.0.1 and ::1: DNS names, also international ones, with <c>*</c> as their
    /// first label, or IP addresses. Those that its certificate has already stay. Default: none.
    /// </summary>
    public ImmutableArray<string> Hosts { get; init; } = [];

    /// <summary>
    /// Names of certificates to revoke, as in NAME.pem: they are put on the list in <see cref="DevelopmentCertificates.ListFile"/>. Their
    /// files stay. Default: none.
    /// </summary>
    public ImmutableArray<string> Revoked { get; init; } = [];
}
