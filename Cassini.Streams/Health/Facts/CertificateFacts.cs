using System.Collections.Immutable;
using Cassini.Streams.Events;

namespace Cassini.Streams.Health.Facts;

/// <summary>One certificate's end, on the clock that health uses.</summary>
/// <param name="Role">Which certificate.</param>
/// <param name="Subject">Its subject.</param>
/// <param name="NotAfter">Its end, for people.</param>
/// <param name="Life">How long it is valid in all; null while unknown.</param>
/// <param name="Ends">Its end since the epoch began.</param>
/// <param name="Cause">The event that told of it.</param>
internal sealed record CertificateFact(
    CertificateRole Role, string Subject, DateTimeOffset NotAfter, TimeSpan? Life, TimeSpan Ends, long Cause);

/// <summary>What is known of the certificates.</summary>
internal sealed record CertificateFacts
{
    public static readonly CertificateFacts None = new();

    public ImmutableArray<CertificateFact> Loaded { get; init; } = [];

    public CertificateReloadFailed? FailedReload { get; init; }

    public long FailedReloadCause { get; init; }

    public CertificateFacts Apply(EventEnvelope envelope, TimeSpan now) => envelope.Event switch
    {
        // A reload takes up all files at once: whatever failed before is mended.
        CertificateLoaded e => this with { Loaded = Set(Fact(envelope, now, e.Role, e.Subject, e.NotAfter, e.NotAfter - e.NotBefore)), FailedReload = null },
        CertificateExpiring e => this with { Loaded = Set(Fact(envelope, now, e.Role, e.Subject, e.NotAfter, LifeOf(e))) },
        CertificateReloadFailed e => this with { FailedReload = e, FailedReloadCause = envelope.Sequence },
        _ => this,
    };

    public bool DiffersVisibly(CertificateFacts before) =>
        !ReferenceEquals(this, before)
        && ((FailedReload is null) != (before.FailedReload is null)
            || FailedReloadCause != before.FailedReloadCause
            || !Loaded.Select(fact => (fact.Role, fact.Subject, fact.NotAfter))
                .SequenceEqual(before.Loaded.Select(fact => (fact.Role, fact.Subject, fact.NotAfter))));

    /// <summary>
    /// The end is set on the monotonic clock once, when the certificate is told of: stepping the wall clock later
    /// changes no verdict.
    /// </summary>
    private static CertificateFact Fact(EventEnvelope envelope, TimeSpan now, CertificateRole role, string subject, DateTimeOffset notAfter, TimeSpan? life) =>
        new(role, subject, notAfter, life, now + (notAfter - envelope.Time), envelope.Sequence);

    private TimeSpan? LifeOf(CertificateExpiring told) => Loaded.FirstOrDefault(fact => fact.Role == told.Role)?.Life;

    private ImmutableArray<CertificateFact> Set(CertificateFact fact) =>
        [.. Loaded.Where(known => known.Role != fact.Role).Append(fact).OrderBy(known => known.Role)];
}
