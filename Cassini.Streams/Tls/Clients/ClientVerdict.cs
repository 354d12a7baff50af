using Cassini.Streams.Events;

namespace Cassini.Streams.Tls.Clients;

/// <summary>The verdict on a client's certificate.</summary>
/// <param name="Failure">Why it was refused; null when it was accepted or not judged yet.</param>
/// <param name="Detail">For people, one line, bounded; null when the certificate was accepted.</param>
/// <param name="Identity">
/// The identity in the certificate: by default the subject's CN, otherwise the first DNS, URI or e-mail alternative name
/// (<see cref="TlsOptions.IdentityFrom"/> swaps the two), otherwise the whole subject; at most 128 characters, none of them a control
/// character. Empty without a certificate. Proven only when <see cref="Accepted"/>.
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

    /// <summary>The time in which every certificate of its path is valid; null unless it was accepted.</summary>
    internal PathValidity? PathValidity { get; init; }
}

/// <summary>The time in which every certificate of a path is valid, both ends included.</summary>
internal readonly record struct PathValidity(DateTimeOffset From, DateTimeOffset Until);
