using System.Collections.Immutable;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Tls.Clients;
using Cassini.Streams.Tls.Handshakes;

namespace Cassini.Streams.Tls.Files;

/// <summary>A certificate with its key and its intermediates, as a server presents it: read, and proven to be usable by clients.</summary>
internal sealed record ServedCertificate(
    X509Certificate2 Certificate, ImmutableArray<X509Certificate2> Intermediates, SslStreamCertificateContext Context)
{
    /// <summary>The curves that clients offer unless they are told otherwise, by their object identifiers.</summary>
    private static readonly HashSet<string> Curves = ["1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35"];

    /// <summary>Reads the files, tries a handshake with what they contain, and judges its time.</summary>
    /// <exception cref="TlsConfigurationException">The files cannot be used now, or no client could use the certificate.</exception>
    public static ServedCertificate Read(TlsFile chain, TlsFile key, Validity validity)
    {
        var certificates = PemCertificates.Read(chain);
        var certificate = PemCertificates.WithPrivateKey(certificates[0], chain, key);
        if (CurveProblem(certificate) is { } curve)
        {
            throw chain.Error(curve);
        }

        if (CertificateUsage.ProblemAsServer(certificate) is { } usage)
        {
            throw chain.Error($"'{certificate.Subject}' may not be a server: {usage}");
        }

        foreach (var signed in certificates)
        {
            // Nobody verifies how a root signed itself.
            if (signed.Subject != signed.Issuer && WeakCryptography.HashOf(signed) is { } hash)
            {
                throw chain.Error($"'{signed.Subject}' is signed with {hash}, which clients refuse; have it signed with SHA-256");
            }
        }

        // Last, because time alone may mend it, but nothing else.
        var served = Try(certificates, certificate, chain);
        validity.DemandOfAll(chain, certificates);
        return served;
    }

    private static ServedCertificate Try(ImmutableArray<X509Certificate2> certificates, X509Certificate2 certificate, TlsFile chain)
    {
        try
        {
            var context = SslStreamCertificateContext.Create(certificate, [.. certificates[1..]], offline: true);
            return TrialHandshake.Failure(context) is { } failure
                ? throw chain.Error($"no client can use '{certificate.Subject}': a trial handshake failed: {failure.Message}", failure)
                : new ServedCertificate(certificate, certificates[1..], context);
        }
        catch (CryptographicException e)
        {
            throw chain.Error($"cannot be served: {e.Message}", e);
        }
    }

    private static string? CurveProblem(X509Certificate2 certificate)
    {
        using var key = certificate.GetECDsaPublicKey();
        if (key?.ExportParameters(includePrivateParameters: false).Curve is not { } curve
            || (curve.IsNamed && Curves.Contains(curve.Oid.Value ?? "")))
        {
            return null;
        }

        var name = curve.IsNamed ? $"the curve {curve.Oid.FriendlyName ?? curve.Oid.Value}" : "a curve without a name";
        return $"'{certificate.Subject}' has an EC key on {name}, which ordinary clients do not offer; use P-256, P-384 or P-521";
    }
}
