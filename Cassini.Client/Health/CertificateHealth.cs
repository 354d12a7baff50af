using Cassini.Streams.Events;

namespace Cassini.Streams.Health;

/// <summary>A certificate or revocation list in use.</summary>
/// <param name="Role">Which.</param>
/// <param name="Subject">Its subject; the issuer for a revocation list.</param>
/// <param name="NotAfter">Until when it is valid, UTC.</param>
/// <param name="Status">The certificate check's status for this certificate alone at this instant: ok, degraded or error; unknown when
/// the projection is stale.</param>
public sealed record CertificateHealth(CertificateRole Role, string Subject, DateTimeOffset NotAfter, HealthStatus Status)
{
    /// <summary>Whether the check depends on it: of several CAs only on one.</summary>
    internal bool Decides { get; init; }
}
