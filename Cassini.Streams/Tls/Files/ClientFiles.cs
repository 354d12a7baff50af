using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Events;

namespace Cassini.Streams.Tls.Files;

/// <summary>What this process needs as a client of TLS: the authorities of the servers, and its own certificate.</summary>
internal sealed class ClientFiles : IDisposable
{
    private readonly X509Certificate2Collection _own = [];

    /// <summary>Reads the files.</summary>
    /// <param name="ca">The authorities.</param>
    /// <param name="certificate">Its certificate and the intermediates.</param>
    /// <param name="key">The key to it.</param>
    /// <exception cref="TlsConfigurationException">One cannot be used; the message names the setting and the file.</exception>
    public ClientFiles(NamedFile ca, NamedFile certificate, NamedFile key)
    {
        if (ca.Path is { Length: > 0 } authorities)
        {
            Authorities.AddRange(
                PemCertificates.ReadAuthorities(TlsFile.Read(CertificateRole.Authority, ca.Setting, authorities)).ToArray());
        }

        if (certificate.Path is { Length: > 0 } chainPath && key.Path is { Length: > 0 } keyPath)
        {
            var chain = TlsFile.Read(CertificateRole.Server, certificate.Setting, chainPath);
            _own.AddRange(PemCertificates.Read(chain).ToArray());
            var leaf = PemCertificates.WithPrivateKey(_own[0], chain, TlsFile.Read(CertificateRole.Server, key.Setting, keyPath));
            Certificate = SslStreamCertificateContext.Create(leaf, [.. _own.Skip(1)], offline: true);
            _own.Add(leaf);
        }
    }

    /// <summary>The authorities; empty for those of the machine.</summary>
    public X509Certificate2Collection Authorities { get; } = [];

    /// <summary>Its own certificate; null for none. Valid until this is disposed.</summary>
    public SslStreamCertificateContext? Certificate { get; }

    public void Dispose()
    {
        foreach (var certificate in Authorities.Concat(_own))
        {
            certificate.Dispose();
        }
    }
}
