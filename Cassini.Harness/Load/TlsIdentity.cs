using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Cassini.Harness.Load;

/// <summary>What one side of mutual TLS is known by, and whom it trusts.</summary>
internal sealed class TlsIdentity
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly X509Certificate2Collection _authorities;
    private readonly SslStreamCertificateContext _own;

    private TlsIdentity(X509Certificate2Collection authorities, SslStreamCertificateContext own)
    {
        (_authorities, _own) = (authorities, own);
    }

    /// <exception cref="HarnessException">A file cannot be used; the message says which, and why.</exception>
    public static TlsIdentity Load(string ca, string certificate, string key)
    {
        var authorities = Certificates(ca);
        var chain = Certificates(certificate);
        try
        {
            using var leaf = X509Certificate2.CreateFromPem(Text(certificate), Text(key));

            // By way of PKCS #12 on Windows: Schannel cannot use a key that lives in memory only.
            var own = OperatingSystem.IsWindows() ? X509CertificateLoader.LoadPkcs12(leaf.Export(X509ContentType.Pkcs12), null) : new X509Certificate2(leaf);
            return new TlsIdentity(authorities, SslStreamCertificateContext.Create(own, [.. chain.Skip(1)], offline: true));
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw new HarnessException($"{key}: is no plain PEM key of {certificate}: {exception.Message}", exception);
        }
    }

    public SslClientAuthenticationOptions AsClientOf(string host) => new()
    {
        TargetHost = host,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ClientCertificateContext = _own,
        CertificateChainPolicy = Trust(ServerAuthentication),
    };

    /// <summary>Whoever connects must have a certificate of the CA.</summary>
    public SslServerAuthenticationOptions AsServer() => new()
    {
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ServerCertificateContext = _own,
        ClientCertificateRequired = true,
        CertificateChainPolicy = Trust(ClientAuthentication),
    };

    private X509ChainPolicy Trust(string usage)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.ApplicationPolicy.Add(new Oid(usage));
        policy.CustomTrustStore.AddRange(_authorities);
        return policy;
    }

    private static X509Certificate2Collection Certificates(string path)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(Text(path));
        }
        catch (CryptographicException exception)
        {
            throw new HarnessException($"{path}: holds a certificate that cannot be read: {exception.Message}", exception);
        }

        return certificates.Count > 0 ? certificates : throw new HarnessException($"{path}: is not PEM: it has no 'BEGIN CERTIFICATE' block");
    }

    private static string Text(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new HarnessException($"{path}: no such file", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new HarnessException($"{path}: cannot be read: {exception.Message}", exception);
        }
    }
}
