using System.Collections.Immutable;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Events;
using Cassini.Streams.Primitives;
using Cassini.Streams.Tls.Clients;
using Cassini.Streams.Tls.Handshakes;

namespace Cassini.Streams.Tls.Files;

/// <summary>
/// Everything that a handshake needs, read from one consistent set of files. Immutable and shared by all connections that began while
/// it was current. It is never disposed, because a handshake may still use it after it was replaced.
/// </summary>
internal sealed class TlsMaterial
{
    private readonly ImmutableArray<X509Certificate2> _authorities;
    private readonly ClientCertificateJudge _judge;
    private readonly VerdictCache _verdicts;

    private TlsMaterial(ServedCertificate server, ServedCertificate? management, ImmutableArray<X509Certificate2> authorities,
        RevocationList? revocation, ClientCertificateJudge judge, TimeProvider time)
    {
        Server = server.Certificate;
        Intermediates = server.Intermediates;
        Revocation = revocation;
        _authorities = authorities;
        _judge = judge;
        _verdicts = new VerdictCache(judge, time);
        ServerOptions = BuildServerOptions(server.Context, protocols: null);
        WebSocketOptions = BuildServerOptions(server.Context, [SslApplicationProtocol.Http11]);
        Management = management?.Certificate;
        ManagementIntermediates = management?.Intermediates ?? [];
        ManagementContext = (management ?? server).Context;
    }

    /// <summary>The certificate that Cassini serves, with its private key.</summary>
    public X509Certificate2 Server { get; }

    /// <summary>The intermediates that are sent with <see cref="Server"/>.</summary>
    public ImmutableArray<X509Certificate2> Intermediates { get; }

    /// <summary>The CAs that must have issued clients' certificates: a new collection of the same certificates at each call.</summary>
    public X509Certificate2Collection Authorities => [.. _authorities];

    /// <summary>The CA's revocation lists; null when none is configured.</summary>
    public RevocationList? Revocation { get; }

    /// <summary>
    /// The options of every server handshake: TLS 1.2 and 1.3, a client certificate required and judged. Sessions may be resumed
    /// while these options are current, and the certificate of a resumed one is judged like any other, so a new CA or revocation list
    /// applies to every new connection. Only for a <see cref="MutualTlsStream"/>. Do not change.
    /// </summary>
    public SslServerAuthenticationOptions ServerOptions { get; }

    /// <summary>
    /// The same for endpoints of WebSocket, which begins as HTTP/1.1: that is chosen of the protocols that a browser offers (ALPN).
    /// </summary>
    public SslServerAuthenticationOptions WebSocketOptions { get; }

    /// <summary>The certificate that the management surface serves: its own, or otherwise the broker's. Do not change.</summary>
    public SslStreamCertificateContext ManagementContext { get; }

    /// <summary>The management surface's own certificate; null when it has none.</summary>
    internal X509Certificate2? Management { get; }

    internal ImmutableArray<X509Certificate2> ManagementIntermediates { get; }

    /// <summary>
    /// Decides whether a client's certificate was issued by the CA and is valid now. For servers that ask for a certificate but do not
    /// require one. Thread-safe.
    /// </summary>
    /// <param name="certificate">The certificate that the client presented; null if it presented none.</param>
    /// <param name="presented">The intermediates that the client sent.</param>
    public ClientVerdict Judge(X509Certificate2? certificate, X509Certificate2Collection presented) =>
        _verdicts.Judge(certificate, presented, isResumed: false);

    /// <summary>Whether a client that was accepted with other material is revoked by this. Thread-safe.</summary>
    /// <param name="certificate">Its certificate.</param>
    /// <param name="accepted">The verdict on it.</param>
    public bool HasRevoked(X509Certificate2 certificate, ClientVerdict accepted)
    {
        if (Revocation is not { } list || accepted.Path is not { } path)
        {
            return false;
        }

        // The path that was accepted says it, unless its CA has another certificate now. A whole chain is built only for those that it can
        // concern: thousands may have to be judged.
        return _judge.HasRevoked(path)
            || ((_judge.HasRevokedAuthorities || path.Issued.Any(list.MayBeRevoked))
                && _verdicts.Judge(certificate, [], isResumed: true).Failure == HandshakeFailure.RevokedCertificate);
    }

    /// <param name="files">The files.</param>
    /// <param name="time">The clock that clients' certificates are judged by.</param>
    /// <param name="identityFrom">Which name of a client's certificate is its identity.</param>
    /// <param name="known">The intermediates that help clients that resume TLS; null for none yet.</param>
    /// <param name="inUse">
    /// The material in use: it is better than an expired certificate, and an older revocation list does not replace its own. Null at the
    /// start.
    /// </param>
    /// <param name="allowsWeak">Whether clients may have certificates with weak signatures and keys.</param>
    /// <exception cref="TlsConfigurationException">The files cannot be used now, or do not match each other.</exception>
    internal static TlsMaterial Create(
        TlsFileSet files,
        TimeProvider time,
        IdentitySource identityFrom = IdentitySource.CommonName,
        KnownIntermediates? known = null,
        TlsMaterial? inUse = null,
        bool allowsWeak = false)
    {
        var validity = new Validity(time.GetUtcNow(), TakesExpired: inUse is null);
        var authorities = PemCertificates.ReadAuthorities(files.Ca);
        var server = ServedCertificate.Read(files.ServerChain, files.ServerKey, validity);
        var management = files is { ManagementChain: { } chain, ManagementKey: { } key }
            ? ServedCertificate.Read(chain, key, validity)
            : null;
        var revocation = files.Crl is { } crl ? RevocationListReader.Read(crl, authorities) : null;
        validity.DemandOfOne(files.Ca, authorities);
        if (files.Crl is { } list && inUse?.Revocation is { } before && revocation?.StepsBehind(before, authorities) is { } older)
        {
            throw list.Error(older);
        }

        var judge = new ClientCertificateJudge(
            authorities, revocation, time, identityFrom, known ?? new KnownIntermediates(), allowsWeak);
        return new TlsMaterial(server, management, authorities, revocation, judge, time);
    }

    private SslServerAuthenticationOptions BuildServerOptions(
        SslStreamCertificateContext context, List<SslApplicationProtocol>? protocols)
    {
        return new SslServerAuthenticationOptions
        {
            // Sent without the names of our CAs, because the runtime shares one OpenSSL context for each certificate: after a reload of
            // only the CAs, clients would still receive the old names.
            ServerCertificateContext = context,
            ApplicationProtocols = protocols,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            EncryptionPolicy = EncryptionPolicy.RequireEncryption,
            ClientCertificateRequired = true,
            AllowRenegotiation = false,

            // Without it SslStream creates an OpenSSL context for each connection, which is a third of a connection's memory.
            AllowTlsResume = true,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            CertificateChainPolicy = TrustPolicy.ForNoVerdict(),
            RemoteCertificateValidationCallback = Judge,
        };
    }

    // The callback makes the whole decision. SslStream's own errors are ignored on purpose, because it uses the wall clock and
    // accepts only self-signed anchors. The judge builds the chain itself, with the CAs and the injected clock.
    private bool Judge(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        SocketThread.Forbid();
        if (sender is not MutualTlsStream stream)
        {
            throw new InvalidOperationException(
                $"{nameof(ServerOptions)} serve a {nameof(MutualTlsStream)}, not a {sender.GetType().Name}.");
        }

        if (stream.Verdict != ClientVerdict.NotJudged)
        {
            return stream.Verdict.Accepted; // Judged while the certificate was read.
        }

        var presented = errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable) ? null : certificate as X509Certificate2;
        var isResumed = presented is not null && OpenSslConnection.IsResumed(stream) is not false;
        stream.Verdict = _verdicts.Judge(presented, chain?.ChainPolicy.ExtraStore ?? [], isResumed);
        return stream.Verdict.Accepted;
    }
}
