using System.Security.Cryptography.X509Certificates;

namespace Cassini.Streams.Tls;

/// <summary>Certificates have times in whole seconds of UTC; .NET returns them as local time.</summary>
internal static class CertificateTimes
{
    public static DateTimeOffset NotBefore(X509Certificate2 certificate) => new(certificate.NotBefore.ToUniversalTime());

    public static DateTimeOffset NotAfter(X509Certificate2 certificate) => new(certificate.NotAfter.ToUniversalTime());

    public static DateTimeOffset ToTheSecond(DateTimeOffset time) =>
        new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerSecond), TimeSpan.Zero);
}
