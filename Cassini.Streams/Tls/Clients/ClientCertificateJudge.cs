using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Events;

namespace Cassini.Streams.Tls.Clients;

/// <summary>
/// Decides whether a client's certificate is accepted, with the time of the injected clock. The order of the checks decides the reported
/// failure: first the issuer, then revocation, then time, then usage, then weak cryptography, then the name. Remembers the intermediates of
/// those that it accepts.
/// </summary>
internal sealed class ClientCertificateJudge(
    ImmutableArray<X509Certificate2> authorities, RevocationList? revocation,
    TimeProvider time, IdentitySource identityFrom = IdentitySource.CommonName, KnownIntermediates? known = null, bool allowsWeak = false)
{
    // The anchor's own signature and issuers do not matter (RFC 5280 §6.1.1 d).
    private const X509ChainStatusFlags IrrelevantOfAnchor =
        X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot
        | X509ChainStatusFlags.NotSignatureValid | X509ChainStatusFlags.HasWeakSignature;

    private const X509ChainStatusFlags JudgedHere = X509ChainStatusFlags.NotTimeValid | X509ChainStatusFlags.HasWeakSignature;

    private readonly KnownIntermediates _known = known ?? new KnownIntermediates();

    private readonly FrozenDictionary<string, X509Certificate2> _revokedAuthorities = RevokedAuthorities.Find(authorities, revocation);

    /// <summary>Whether a configured CA is revoked.</summary>
    public bool HasRevokedAuthorities => _revokedAuthorities.Count > 0;

    /// <summary>Whether what is on the path of a client that was accepted before is revoked now.</summary>
    public bool HasRevoked(AcceptedPath path) =>
        _revokedAuthorities.ContainsKey(path.Anchor) || (revocation is not null && path.Issued.Any(revocation.IsRevoked));

    private readonly record struct Finding(HandshakeFailure Reason, string Problem);

    /// <param name="certificate">The certificate that the client presented; null if it presented none.</param>
    /// <param name="presented">The intermediates that the client sent: they help to build the chain, but they are not trusted.</param>
    /// <param name="isResumed">
    /// Whether TLS was resumed, so that the client sent no intermediates: then those of clients before help. A client that does not
    /// resume must send its own, so that the answer does not depend on who came before.
    /// </param>
    public ClientVerdict Judge(X509Certificate2? certificate, X509Certificate2Collection presented, bool isResumed = false)
    {
        if (certificate is null)
        {
            return ClientVerdict.NoCertificate;
        }

        try
        {
            return Judged(certificate, isResumed ? _known.With(presented) : presented);
        }
        catch (Exception e)
            when (e is CryptographicException or ArgumentException or FormatException or OverflowException or InvalidOperationException)
        {
            // An exception that a peer's certificate causes must reject that peer, and never count as a crash.
            return new ClientVerdict(
                HandshakeFailure.InvalidCertificate,
                $"a certificate that cannot be read: {ClientIdentity.Printable(e.Message)}",
                "",
                "",
                null);
        }
    }

    private ClientVerdict Judged(X509Certificate2 certificate, X509Certificate2Collection intermediates)
    {
        var identity = ClientIdentity.Of(certificate, identityFrom);
        var finding = Examine(certificate, intermediates, out var path) ?? Nameless(identity);
        var who = identity.Length > 0 ? $"'{identity}'" : "a certificate without a name";
        return new ClientVerdict(
            finding?.Reason,
            finding is { Problem: var problem } ? $"{who} {problem}" : null,
            identity,
            certificate.GetCertHashString(HashAlgorithmName.SHA256),
            CertificateTimes.NotAfter(certificate))
        {
            Path = finding is null ? path : null,
        };
    }

    private Finding? Examine(X509Certificate2 certificate, X509Certificate2Collection intermediates, out AcceptedPath? accepted)
    {
        var finding = Examine(certificate, intermediates, authorities, out accepted);
        if (finding?.Reason != HandshakeFailure.UntrustedCertificate
            || SignedPath.Find(certificate, intermediates, authorities) is not { } path)
        {
            return finding;
        }

        // Several issuers have one name, and the chain was built with another one than that which signed.
        return Examine(
            certificate,
            [.. path[1..^1]],
            [.. authorities.Where(authority => path.Contains(authority, CertificateBytes.Same)
                || path.All(issuer => issuer.Subject != authority.Subject))],
            out accepted);
    }

    private Finding? Examine(
        X509Certificate2 certificate, X509Certificate2Collection intermediates,
        ImmutableArray<X509Certificate2> trusted, out AcceptedPath? accepted)
    {
        accepted = null;
        var now = CertificateTimes.ToTheSecond(time.GetUtcNow());
        using var chain = new X509Chain { ChainPolicy = TrustPolicy.ForClients(trusted) };
        chain.ChainPolicy.ExtraStore.AddRange(intermediates);
        chain.ChainPolicy.VerificationTimeIgnored = false;
        chain.ChainPolicy.VerificationTime = now.LocalDateTime;
        try
        {
            // The chain's elements decide, not the result of the build: with an intermediate as the anchor that is always false.
            chain.Build(certificate);
            return Examine(chain.ChainElements, now, out accepted);
        }
        catch (CryptographicException e)
        {
            return new Finding(
                HandshakeFailure.InvalidCertificate, $"has a certificate that cannot be read: {ClientIdentity.Printable(e.Message)}");
        }
        finally
        {
            foreach (var element in chain.ChainElements)
            {
                element.Certificate.Dispose();
            }
        }
    }

    private Finding? Examine(X509ChainElementCollection elements, DateTimeOffset now, out AcceptedPath? accepted)
    {
        accepted = null;
        var anchor = elements.ToList().FindIndex(element => IsAuthority(element.Certificate));
        if (anchor < 0)
        {
            return Untrusted(elements[^1].Certificate);
        }

        var path = elements.Take(anchor + 1).Select(element => element.Certificate).ToArray();

        // Time is judged here, because OpenSSL ends a certificate a second early (X509_cmp_time counts an equal time as past).
        var flags = elements.Take(anchor + 1).Select(element => Flags(element) & ~JudgedHere).ToArray();
        flags[anchor] &= ~IrrelevantOfAnchor;
        var issued = Issued(elements, anchor);
        var finding = flags.Any(flag => flag.HasFlag(X509ChainStatusFlags.NotSignatureValid))
            ? Untrusted(path[^1])
            : Revoked(elements, anchor, issued) ?? OutOfTime(path, now) ?? WrongUsage(path[0], flags[0])
                ?? (allowsWeak ? null : Weak(path)) ?? Otherwise(path, flags);
        if (finding is null)
        {
            // No more than the path: what else a client sends must not evict the intermediates of others.
            _known.Remember(path.Skip(1).SkipLast(1));
            accepted = new AcceptedPath(
                path.Max(CertificateTimes.NotBefore),
                path.Min(CertificateTimes.NotAfter),
                [.. path.Skip(1).SkipLast(1).Select(certificate => certificate.Thumbprint)],
                [.. issued.Select(one => one.Key)],
                RevocationList.IssuerKey(path[^1]));
        }

        return finding;
    }

    private static Finding Untrusted(X509Certificate2 last) => new(
        HandshakeFailure.UntrustedCertificate,
        $"was not issued by the configured CA: its chain ends at '{ClientIdentity.Printable(last.Issuer)}'");

    /// <summary>
    /// Every certificate that has an issuer among the configured CAs, as OpenSSL's crl_check_all judges them: also a CA on the path that
    /// is configured together with the CA above it. The uppermost has no issuer here.
    /// </summary>
    private List<(IssuedCertificate Key, X509Certificate2 Certificate)> Issued(X509ChainElementCollection elements, int anchor)
    {
        var issued = new List<(IssuedCertificate, X509Certificate2)>();
        var uppermost = elements.ToList().FindLastIndex(element => IsAuthority(element.Certificate));
        for (var i = 0; i < uppermost; i++)
        {
            if (i < anchor || !Flags(elements[i]).HasFlag(X509ChainStatusFlags.NotSignatureValid))
            {
                issued.Add((IssuedCertificate.Of(elements[i].Certificate, elements[i + 1].Certificate), elements[i].Certificate));
            }
        }

        return issued;
    }

    private Finding? Revoked(
        X509ChainElementCollection elements, int anchor, List<(IssuedCertificate Key, X509Certificate2 Certificate)> issued)
    {
        if (issued.Find(one => revocation?.IsRevoked(one.Key) is true) is { Certificate: { } revoked })
        {
            return Revoked(revoked);
        }

        return _revokedAuthorities.TryGetValue(RevocationList.IssuerKey(elements[anchor].Certificate), out var authority)
            ? Revoked(authority)
            : null;
    }

    private static Finding Revoked(X509Certificate2 certificate) =>
        new(HandshakeFailure.RevokedCertificate, $"was revoked: {Name(certificate)} serial {certificate.SerialNumber}");

    private static Finding? Nameless(string identity) => identity.Length > 0
        ? null
        : new Finding(
            HandshakeFailure.NamelessCertificate,
            "has no identity: it needs a subject with a CN, or a DNS, URI or e-mail alternative name");

    private static Finding? OutOfTime(X509Certificate2[] path, DateTimeOffset now)
    {
        foreach (var certificate in path)
        {
            if (now > CertificateTimes.NotAfter(certificate))
            {
                return new Finding(
                    HandshakeFailure.ExpiredCertificate, $"expired: {Name(certificate)} ended {CertificateTimes.NotAfter(certificate):u}");
            }

            if (now < CertificateTimes.NotBefore(certificate))
            {
                return new Finding(
                    HandshakeFailure.NotYetValidCertificate,
                    $"is not valid yet: {Name(certificate)} begins {CertificateTimes.NotBefore(certificate):u}");
            }
        }

        return null;
    }

    private static Finding? WrongUsage(X509Certificate2 leaf, X509ChainStatusFlags flags) =>
        (CertificateUsage.ProblemAsClient(leaf)
            ?? (flags.HasFlag(X509ChainStatusFlags.NotValidForUsage) ? "its CA may not issue client certificates" : null)) is { } problem
            ? new Finding(HandshakeFailure.WrongUsageCertificate, $"may not be a client: {problem}")
            : null;

    /// <summary>
    /// Judges the client and its intermediates. The signature of the anchor proves nothing, and its key is the operator's choice.
    /// </summary>
    private static Finding? Weak(X509Certificate2[] path)
    {
        foreach (var certificate in path.SkipLast(1))
        {
            if (WeakCryptography.HashOf(certificate) is { } hash)
            {
                return new Finding(HandshakeFailure.WeakCertificate, $"is too weak: {Name(certificate)} is signed with {hash}");
            }

            if (WeakCryptography.KeyOf(certificate) is { } key)
            {
                return new Finding(HandshakeFailure.WeakCertificate, $"is too weak: {Name(certificate)} has {key}");
            }
        }

        return null;
    }

    private static Finding? Otherwise(X509Certificate2[] path, X509ChainStatusFlags[] flags)
    {
        var bad = Array.FindIndex(flags, flag => flag != X509ChainStatusFlags.NoError);
        return bad < 0
            ? null
            : new Finding(HandshakeFailure.InvalidCertificate, $"has an unusable certificate chain: {Name(path[bad])} {flags[bad]}");
    }

    private bool IsAuthority(X509Certificate2 certificate) =>
        authorities.Any(authority => authority.RawDataMemory.Span.SequenceEqual(certificate.RawDataMemory.Span));

    private static X509ChainStatusFlags Flags(X509ChainElement element) =>
        element.ChainElementStatus.Aggregate(X509ChainStatusFlags.NoError, (flags, status) => flags | status.Status);

    private static string Name(X509Certificate2 certificate) => $"'{ClientIdentity.Printable(certificate.Subject)}'";
}
