using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Events;
using Cassini.Streams.Tls;
using Cassini.Streams.Tls.Files;
using NATS.Client.Core;

namespace Cassini.Streams.Nats;

/// <summary>What the files of <see cref="NatsOptions"/> hold now: the authorities of the servers, and who this node is.</summary>
internal sealed class NatsIdentity : IDisposable
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private readonly X509Certificate2Collection _authorities = [];
    private readonly X509Certificate2Collection _own = [];
    private readonly SslStreamCertificateContext? _certificate;

    /// <summary>Reads the files.</summary>
    /// <exception cref="TlsConfigurationException">One cannot be used; the message names the setting and the file.</exception>
    public NatsIdentity(NatsOptions options)
    {
        if (options.CaPath is { Length: > 0 } ca)
        {
            var file = TlsFile.Read(CertificateRole.Authority, NatsSettings.CaPath, ca);
            _authorities.AddRange(PemCertificates.ReadAuthorities(file).ToArray());
        }

        if (options is { CertificatePath: { Length: > 0 } certificate, KeyPath: { Length: > 0 } key })
        {
            var chain = TlsFile.Read(CertificateRole.Server, NatsSettings.CertificatePath, certificate);
            _own.AddRange(PemCertificates.Read(chain).ToArray());
            var leaf = PemCertificates.WithPrivateKey(
                _own[0], chain, TlsFile.Read(CertificateRole.Server, NatsSettings.KeyPath, key));
            _certificate = SslStreamCertificateContext.Create(leaf, [.. _own.Skip(1)], offline: true);
            _own.Add(leaf);
        }

        Authentication = AuthenticationOf(options);
    }

    /// <summary>What the servers ask for beside a certificate.</summary>
    public NatsAuthOpts Authentication { get; }

    /// <summary>How TLS is done with a server. Valid until this is disposed.</summary>
    public NatsTlsOpts TlsWith(Uri server) => _authorities.Count == 0 && _certificate is null
        ? new NatsTlsOpts { Mode = TlsMode.Auto } // As every client of NATS: when the server offers it.
        : new NatsTlsOpts { Mode = TlsMode.Require, ConfigureClientAuthentication = tls => ConfigureAsync(tls, server) };

    public void Dispose()
    {
        foreach (var certificate in _authorities.Concat(_own))
        {
            certificate.Dispose();
        }
    }

    private ValueTask ConfigureAsync(SslClientAuthenticationOptions tls, Uri server)
    {
        tls.TargetHost = server.IdnHost;
        tls.ClientCertificateContext = _certificate;
        if (_authorities.Count > 0)
        {
            tls.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            tls.CertificateChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
            tls.CertificateChainPolicy.CustomTrustStore.AddRange(_authorities);
        }

        return ValueTask.CompletedTask;
    }

    private static NatsAuthOpts AuthenticationOf(NatsOptions options) => options switch
    {
        { CredentialsPath: { Length: > 0 } path } => new NatsAuthOpts { Creds = Read(NatsSettings.CredentialsPath, path) },
        { User: { Length: > 0 } user, PasswordPath: { Length: > 0 } path } => new NatsAuthOpts
        {
            Username = user,
            Password = Read(NatsSettings.PasswordPath, path).Split('\n', 2)[0].TrimEnd('\r'),
        },
        _ => new NatsAuthOpts(),
    };

    private static string Read(string setting, string path) => TlsFile.Read(CertificateRole.Server, setting, path).Text;
}
