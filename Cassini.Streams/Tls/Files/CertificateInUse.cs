using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Events;

namespace Cassini.Streams.Tls.Files;

/// <summary>One part of the material, as the events report it.</summary>
internal sealed record CertificateInUse(
    CertificateRole Role, string Subject, string Fingerprint, DateTimeOffset NotBefore, DateTimeOffset NotAfter)
{
    /// <summary>The parts: the server's certificate first, so that a reader knows by it that a load begins.</summary>
    public static ImmutableArray<CertificateInUse> Of(TlsMaterial material)
    {
        ImmutableArray<CertificateInUse> parts =
        [
            Of(CertificateRole.Server, material.Server) with { NotAfter = FirstToEnd(material.Server, material.Intermediates) },
            .. material.Authorities.Select(authority => Of(CertificateRole.Authority, authority)).DistinctBy(part => part.Fingerprint),
        ];
        if (material.Management is { } management)
        {
            var notAfter = FirstToEnd(management, material.ManagementIntermediates);
            parts = parts.Add(Of(CertificateRole.Management, management) with { NotAfter = notAfter });
        }

        return material.Revocation is { } list
            ? parts.Add(new CertificateInUse(
                CertificateRole.RevocationList, list.Issuer, list.Fingerprint, list.ThisUpdate, list.NextUpdate))
            : parts;
    }

    /// <summary>A chain is valid until its first certificate expires.</summary>
    private static DateTimeOffset FirstToEnd(X509Certificate2 certificate, ImmutableArray<X509Certificate2> intermediates) =>
        intermediates.Add(certificate).Min(CertificateTimes.NotAfter);

    /// <summary>The event that reports it.</summary>
    /// <param name="following">How many parts of the same load are reported after it.</param>
    public CertificateLoaded ToLoaded(int following) => new(Role, Subject, Fingerprint, NotBefore, NotAfter) { Following = following };

    private static CertificateInUse Of(CertificateRole role, X509Certificate2 certificate) => new(
        role,
        certificate.Subject,
        certificate.GetCertHashString(HashAlgorithmName.SHA256),
        CertificateTimes.NotBefore(certificate),
        CertificateTimes.NotAfter(certificate));
}
