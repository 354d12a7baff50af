using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Events;
using Cassini.Streams.Primitives;
using Cassini.Streams.Tls;
using Cassini.Streams.Tls.Files;

namespace Cassini.Harness.Clients;

/// <summary>The PEM files of a TLS client, as full paths.</summary>
/// <param name="Names">The settings that name the files.</param>
/// <param name="Ca">The authorities to trust; null for those of the machine.</param>
/// <param name="Certificate">The client's certificate and its intermediates; null for none.</param>
/// <param name="Key">The key of that certificate; given exactly when <paramref name="Certificate"/> is.</param>
internal sealed record TlsFiles(TlsSettingNames Names, string? Ca, string? Certificate, string? Key)
{
    /// <summary>Reads the files.</summary>
    /// <exception cref="ClientException">A file cannot be used; the message names its setting and its path, and says why.</exception>
    public TlsIdentity Read()
    {
        try
        {
            var authorities = new X509Certificate2Collection();
            if (Ca is { } ca)
            {
                authorities.AddRange(PemCertificates.Read(TlsFile.Read(CertificateRole.Authority, Names.Ca, ca)).ToArray());
            }

            return new TlsIdentity(
                authorities,
                Certificate is { } certificate ? ReadOwn(certificate, Key!) : null,
                Ca is null ? Names with { CaInWords = "a CA that this machine trusts, and no other was given" } : Names);
        }
        catch (TlsConfigurationException exception)
        {
            throw new ClientException(SafeText.Of(exception.Message), isLasting: true, exception);
        }
    }

    // The roles are those of a broker's files. That is without effect here, because the message of an error does not show them.
    private SslStreamCertificateContext ReadOwn(string certificate, string key)
    {
        var chain = TlsFile.Read(CertificateRole.Server, Names.Certificate, certificate);
        var certificates = PemCertificates.Read(chain);
        var own = PemCertificates.WithPrivateKey(certificates[0], chain, TlsFile.Read(CertificateRole.Server, Names.Key, key));
        return SslStreamCertificateContext.Create(own, [.. certificates.Skip(1)], offline: true);
    }
}
