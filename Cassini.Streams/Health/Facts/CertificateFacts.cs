using System.Collections.Immutable;
using Cassini.Streams.Events;

namespace Cassini.Streams.Health.Facts;

/// <summary>One certificate's end, on the clock that health uses.</summary>
internal sealed record CertificateFact(CertificateRole Role, string Subject, DateTimeOffset NotAfter, TimeSpan Ends, long Cause);

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
        CertificateLoaded e => this with { Loaded = Set(Fact(envelope, now, e.Role, e.Subject, e.NotAfter)), FailedReload = null },
        CertificateExpiring e => this with { Loaded = Set(Fact(envelope, now, e.Role, e.Subject, e.NotAfter)) },
        CertificateReloadFailed e => this with { FailedReload = e, FailedReloadCause = envelope.Sequence },
        _ => this,
    };

    public bool DiffersVisibly(CertificateFacts before) =>
        !ReferenceEquals(this, before)
        && (!ReferenceEquals(FailedReload, before.FailedReload)
            || !Loaded.Select(fact => (fact.Role, fact.Subject, fact.NotAfter))
                .SequenceEqual(before.Loaded.Select(fact => (fact.Role, fact.Subject, fact.NotAfter))));

    /// <summary>
    /// The end is set on the monotonic clock once, when the certificate is told of: stepping the wall clock later
    /// changes no verdict.
    /// </summary>
    private static CertificateFact Fact(EventEnvelope envelope, TimeSpan now, CertificateRole role, string subject, DateTimeOffset notAfter) =>
        new(role, subject, notAfter, now + (notAfter - envelope.Time), envelope.Sequence);

    private ImmutableArray<CertificateFact> Set(CertificateFact fact) =>
        [.. Loaded.Where(known => known.Role != fact.Role).Append(fact).OrderBy(known => known.Role)];
}
