using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Events;

namespace Cassini.Streams.Tls.Clients;

/// <summary>The verdict on a client's certificate.</summary>
/// <param name="Failure">Why it was refused; null when it was accepted or not judged yet.</param>
/// <param name="Detail">For people, one line, bounded; null when the certificate was accepted.</param>
/// <param name="Identity">
/// The identity in the certificate: by default the subject's CN, otherwise the first DNS, URI or e-mail alternative name
/// (<see cref="TlsOptions.IdentityFrom"/> swaps the two), otherwise the whole subject; at most 128 characters, none of them a control
/// character. Empty without a certificate, and for a certificate without a name. Proven only when <see cref="Accepted"/>.
/// </param>
/// <param name="Fingerprint">The certificate's SHA-256, hexadecimal; empty without a certificate.</param>
/// <param name="NotAfter">Until when the certificate is valid, UTC; null without a certificate.</param>
internal sealed record ClientVerdict(
    HandshakeFailure? Failure, string? Detail, string Identity, string Fingerprint, DateTimeOffset? NotAfter)
{
    /// <summary>The handshake ended before a client certificate was judged.</summary>
    public static readonly ClientVerdict NotJudged = new(null, null, "", "", null);

    internal static readonly ClientVerdict NoCertificate =
        new(HandshakeFailure.NoCertificate, "the client presented no certificate", "", "", null);

    /// <summary>Whether the certificate was accepted, so that <see cref="Identity"/> is proven.</summary>
    public bool Accepted => Failure is null && NotAfter is not null;

    /// <summary>The path to the CA; null unless the certificate was accepted.</summary>
    internal AcceptedPath? Path { get; init; }
}

/// <summary>The path of an accepted certificate to the CA.</summary>
/// <param name="From">When the last of its certificates becomes valid.</param>
/// <param name="Until">When the first of its certificates ends; that second is included.</param>
/// <param name="Intermediates">The thumbprints of the certificates between the client's and the CA's.</param>
/// <param name="Issued">The certificates that a list can revoke, the client's first.</param>
/// <param name="Anchor">The CA's <see cref="RevocationList.IssuerKey"/>.</param>
internal sealed record AcceptedPath(
    DateTimeOffset From, DateTimeOffset Until, ImmutableArray<string> Intermediates, ImmutableArray<IssuedCertificate> Issued,
    string Anchor);

/// <summary>What a revocation list knows of a certificate.</summary>
/// <param name="Serial">Its <see cref="RevocationList.SerialKey"/>.</param>
/// <param name="Issuer">The <see cref="RevocationList.IssuerKey"/> of the certificate that verified it.</param>
internal readonly record struct IssuedCertificate(string Serial, string Issuer)
{
    public static IssuedCertificate Of(X509Certificate2 certificate, X509Certificate2 issuer) =>
        new(RevocationList.SerialKey(certificate.SerialNumberBytes.Span), RevocationList.IssuerKey(issuer));
}
