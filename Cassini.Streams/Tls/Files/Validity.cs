using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;

namespace Cassini.Streams.Tls.Files;

/// <summary>
/// Whether certificates can be taken now. One that is not valid yet never can. An expired one can at the start, where none is in use that
/// would be better, and health reports it; a reload keeps the one in use instead.
/// </summary>
/// <param name="Now">The time to judge by.</param>
/// <param name="TakesExpired">Whether expired certificates are taken too.</param>
internal readonly record struct Validity(DateTimeOffset Now, bool TakesExpired)
{
    /// <summary>Demands that a certificate and its intermediates can be taken: one alone makes the whole chain unusable.</summary>
    /// <exception cref="TlsConfigurationException">One of them cannot; the message has its limit and the time now.</exception>
    public void DemandOfAll(TlsFile file, ImmutableArray<X509Certificate2> chain)
    {
        foreach (var certificate in chain)
        {
            if (IsEarly(certificate))
            {
                throw Early(file, certificate);
            }

            if (IsExpired(certificate) && !TakesExpired)
            {
                throw Expired(file, certificate);
            }
        }
    }

    /// <summary>Demands that at least one of several CAs can be taken: its clients can connect.</summary>
    /// <exception cref="TlsConfigurationException">None can; the message has the limit of one and the time now.</exception>
    public void DemandOfOne(TlsFile file, ImmutableArray<X509Certificate2> authorities)
    {
        var early = authorities.Where(IsEarly).ToList();
        var expired = authorities.Where(IsExpired).ToList();
        if (early.Count + expired.Count < authorities.Length || (TakesExpired && expired.Count > 0))
        {
            return;
        }

        throw early.Count > 0
            ? Early(file, early.MinBy(CertificateTimes.NotBefore)!)
            : Expired(file, expired.MaxBy(CertificateTimes.NotAfter)!);
    }

    private bool IsEarly(X509Certificate2 certificate) => Now < CertificateTimes.NotBefore(certificate);

    private bool IsExpired(X509Certificate2 certificate) => Now > CertificateTimes.NotAfter(certificate);

    private TlsConfigurationException Early(TlsFile file, X509Certificate2 certificate)
    {
        var from = CertificateTimes.NotBefore(certificate);
        return OutOfTime(file, $"'{certificate.Subject}' is not valid yet: not before {from:u}", from);
    }

    private TlsConfigurationException Expired(TlsFile file, X509Certificate2 certificate) =>
        OutOfTime(file, $"'{certificate.Subject}' has expired: not after {CertificateTimes.NotAfter(certificate):u}", usableFrom: null);

    private TlsConfigurationException OutOfTime(TlsFile file, string problem, DateTimeOffset? usableFrom) =>
        new(file.Role, file.Setting, file.Path, $"{problem}, and now it is {Now:u}")
        {
            SameProblem = file.Error(problem).Message,
            UsableFrom = usableFrom,
        };
}
