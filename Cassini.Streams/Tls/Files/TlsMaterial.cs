using System.Collections.Immutable;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Tls.Clients;
using Cassini.Streams.Tls.Handshakes;

namespace Cassini.Streams.Tls.Files;

/// <summary>
/// Everything that a handshake needs, read from one consistent set of files. Immutable and shared by all connections that began
/// while it was current; it is never disposed, since a handshake may still hold it after it was replaced.
/// </summary>
internal sealed class TlsMaterial
{
    private readonly ImmutableArray<X509Certificate2> _authorities;
    private readonly VerdictCache _verdicts;

    internal TlsMaterial(
        X509Certificate2 server,
        ImmutableArray<X509Certificate2> intermediates,
        (X509Certificate2 Certificate, ImmutableArray<X509Certificate2> Intermediates)? management,
        ImmutableArray<X509Certificate2> authorities,
        RevocationList? revocation,
        TimeProvider time,
        IdentitySource identityFrom,
        KnownIntermediates known)
    {
        Server = server;
        Intermediates = intermediates;
        Revocation = revocation;
        _authorities = authorities;
        _verdicts = new VerdictCache(new ClientCertificateJudge(authorities, revocation, time, identityFrom), known, time);
        ServerOptions = BuildServerOptions();
        Management = management?.Certificate;
        ManagementIntermediates = management?.Intermediates ?? [];
        ManagementContext = management is { } own
            ? SslStreamCertificateContext.Create(own.Certificate, [.. own.Intermediates], offline: true)
            : ServerOptions.ServerCertificateContext!;
    }

    /// <summary>The certificate that Cassini serves, with its private key.</summary>
    public X509Certificate2 Server { get; }

    /// <summary>The certificates that are sent along with <see cref="Server"/>.</summary>
    public ImmutableArray<X509Certificate2> Intermediates { get; }

    /// <summary>The CAs that clients' certificates must come from: a new collection of the same certificates at each call.</summary>
    public X509Certificate2Collection Authorities => [.. _authorities];

    /// <summary>What the CA has revoked; null when no list is configured.</summary>
    public RevocationList? Revocation { get; }

    /// <summary>
    /// The options of every server handshake: TLS 1.2 and 1.3, a client certificate required and judged. Sessions may be resumed
    /// while these options are current, and the certificate of a resumed one is judged like any other, so a new CA or revocation list
    /// counts for every new connection. For a <see cref="MutualTlsStream"/> only. Do not change.
    /// </summary>
    public SslServerAuthenticationOptions ServerOptions { get; }

    /// <summary>What the management surface serves: its own certificate, or else the broker's. Do not change.</summary>
    public SslStreamCertificateContext ManagementContext { get; }

    /// <summary>The management surface's own certificate; null when it has none.</summary>
    internal X509Certificate2? Management { get; }

    internal ImmutableArray<X509Certificate2> ManagementIntermediates { get; }

    /// <summary>
    /// Decides whether a client's certificate is of the CA and good at this moment. For servers that ask for a certificate and do not
    /// insist on it. Thread-safe.
    /// </summary>
    /// <param name="certificate">What the client presented as its own; null if nothing.</param>
    /// <param name="presented">The intermediates that the client sent along.</param>
    public ClientVerdict Judge(X509Certificate2? certificate, X509Certificate2Collection presented) => _verdicts.Judge(certificate, presented);

    /// <exception cref="TlsConfigurationException">The files cannot be used, or do not belong together.</exception>
    internal static TlsMaterial Create(TlsFileSet files, TimeProvider time, IdentitySource identityFrom = IdentitySource.CommonName, KnownIntermediates? known = null)
    {
        var authorities = PemCertificates.ReadAuthorities(files.Ca);
        var chain = PemCertificates.Read(files.ServerChain);
        var server = PemCertificates.WithPrivateKey(chain[0], files.ServerChain, files.ServerKey);
        var management = ReadManagement(files);
        var revocation = files.Crl is { } crl ? RevocationListReader.Read(crl, authorities) : null;
        try
        {
            return new TlsMaterial(server, chain[1..], management, authorities, revocation, time, identityFrom, known ?? new KnownIntermediates());
        }
        catch (CryptographicException e)
        {
            throw files.ServerChain.Error($"cannot be served: {e.Message}", e);
        }
    }

    private static (X509Certificate2 Certificate, ImmutableArray<X509Certificate2> Intermediates)? ReadManagement(TlsFileSet files)
    {
        if (files is not { ManagementChain: { } chain, ManagementKey: { } key })
        {
            return null;
        }

        var certificates = PemCertificates.Read(chain);
        return (PemCertificates.WithPrivateKey(certificates[0], chain, key), certificates[1..]);
    }

    private SslServerAuthenticationOptions BuildServerOptions()
    {
        return new SslServerAuthenticationOptions
        {
            // Without the names of our CAs: the runtime shares one OpenSSL context for one certificate, and a reload of the CAs alone
            // would leave clients with the old names.
            ServerCertificateContext = SslStreamCertificateContext.Create(Server, [.. Intermediates], offline: true),
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            EncryptionPolicy = EncryptionPolicy.RequireEncryption,
            ClientCertificateRequired = true,
            AllowRenegotiation = false,

            // Without it SslStream makes a whole OpenSSL context for each connection: a third of a connection's memory.
            AllowTlsResume = true,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            CertificateChainPolicy = TrustPolicy.ForClients(_authorities),
            RemoteCertificateValidationCallback = Judge,
        };
    }

    // The callback owns the whole decision. SslStream's own opinion of the chain is left aside on purpose: it goes by the wall
    // clock and accepts only self-signed anchors; the judge builds the chain again by the one clock.
    private bool Judge(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (sender is not MutualTlsStream stream)
        {
            throw new InvalidOperationException($"{nameof(ServerOptions)} serve a {nameof(MutualTlsStream)}, not a {sender.GetType().Name}.");
        }

        var presented = errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable) ? null : certificate as X509Certificate2;
        stream.Verdict = _verdicts.Judge(presented, chain?.ChainPolicy.ExtraStore ?? []);
        return stream.Verdict.Accepted;
    }
}
