using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Events;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Tls;

#pragma warning disable CS1591, CS9113

public sealed class TlsMaterial
{
    public required SslServerAuthenticationOptions ServerOptions { get; init; }
    public required X509Certificate2 Server { get; init; }
    public required X509Certificate2Collection Authorities { get; init; }
}

public sealed class CertificateStore(TlsOptions options, IEventPublisher events, TimeProvider time, ILogger<CertificateStore> logger)
{
    private volatile TlsMaterial? _current;

    public TlsMaterial Current => _current ?? throw new InvalidOperationException("Load first.");

    public void Load()
    {
        var server = X509Certificate2.CreateFromPemFile(options.ServerChainPath, options.ServerKeyPath);
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(options.CaPath);
        _current = new TlsMaterial
        {
            Server = server,
            Authorities = authorities,
            ServerOptions = new SslServerAuthenticationOptions
            {
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                ClientCertificateRequired = true,
                AllowTlsResume = false,
                ServerCertificateContext = SslStreamCertificateContext.Create(server, null, offline: true),
                RemoteCertificateValidationCallback = (sender, certificate, _, _) => Judge((MutualTlsStream)sender, certificate, authorities),
            },
        };
    }

    private static bool Judge(MutualTlsStream stream, X509Certificate? certificate, X509Certificate2Collection authorities)
    {
        if (certificate is not X509Certificate2 client)
        {
            stream.Verdict = ClientVerdict.NoCertificate;
            return false;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        var failure = chain.Build(client) ? (HandshakeFailure?)null : HandshakeFailure.UntrustedCertificate;
        stream.Verdict = new ClientVerdict(
            failure, null, client.GetNameInfo(X509NameType.SimpleName, false), client.Thumbprint, client.NotAfter);
        return failure is null;
    }
}

public static class HandshakeFailures
{
    public static (HandshakeFailure Reason, string? Detail) Classify(Exception failure) => failure switch
    {
        OperationCanceledException => (HandshakeFailure.TimedOut, null),
        IOException => (HandshakeFailure.PeerClosed, failure.Message),
        _ => (HandshakeFailure.ProtocolError, failure.InnerException?.Message ?? failure.Message),
    };
}
