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

    private readonly ClientFiles _files;

    /// <summary>Reads the files.</summary>
    /// <exception cref="TlsConfigurationException">One cannot be used; the message names the setting and the file.</exception>
    public NatsIdentity(NatsOptions options)
    {
        _files = new ClientFiles(
            new NamedFile(NatsSettings.CaPath, options.CaPath), new NamedFile(NatsSettings.CertificatePath, options.CertificatePath),
            new NamedFile(NatsSettings.KeyPath, options.KeyPath));
        Authentication = AuthenticationOf(options);
    }

    /// <summary>What the servers ask for beside a certificate.</summary>
    public NatsAuthOpts Authentication { get; }

    /// <summary>How TLS is done with a server. Valid until this is disposed.</summary>
    public NatsTlsOpts TlsWith(Uri server) => _files.Authorities.Count == 0 && _files.Certificate is null
        ? new NatsTlsOpts { Mode = TlsMode.Auto } // As every client of NATS: when the server offers it.
        : new NatsTlsOpts { Mode = TlsMode.Require, ConfigureClientAuthentication = tls => ConfigureAsync(tls, server) };

    public void Dispose() => _files.Dispose();

    private ValueTask ConfigureAsync(SslClientAuthenticationOptions tls, Uri server)
    {
        tls.TargetHost = server.IdnHost;
        tls.ClientCertificateContext = _files.Certificate;
        if (_files.Authorities.Count > 0)
        {
            tls.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            tls.CertificateChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
            tls.CertificateChainPolicy.CustomTrustStore.AddRange(_files.Authorities);
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
