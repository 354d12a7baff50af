using System.Collections.Immutable;
using Cassini.Streams.Events;

namespace Cassini.Streams.Health.Facts;

/// <summary>One certificate's end, on the clock that health uses.</summary>
/// <param name="Role">Which certificate.</param>
/// <param name="Subject">Its subject.</param>
/// <param name="NotAfter">Its end by the wall clock, for people.</param>
/// <param name="Life">Its whole period of validity; null while unknown.</param>
/// <param name="Ends">Its end, as a time since the epoch began.</param>
/// <param name="Cause">The event that reported it.</param>
internal sealed record CertificateFact(
    CertificateRole Role, string Subject, DateTimeOffset NotAfter, TimeSpan? Life, TimeSpan Ends, long Cause);

/// <summary>The facts about the certificates.</summary>
internal sealed record CertificateFacts
{
    public static readonly CertificateFacts None = new();

    public ImmutableArray<CertificateFact> Loaded { get; init; } = [];

    /// <summary>Those that decide: of several CAs only the one that ends last, because its clients can connect until then.</summary>
    public IEnumerable<CertificateFact> Deciding() => Loaded.GroupBy(fact => fact.Role).Select(role => role.MaxBy(fact => fact.Ends)!);

    public CertificateReloadFailed? FailedReload { get; init; }

    public long FailedReloadCause { get; init; }

    public CertificateFacts Apply(EventEnvelope envelope, TimeSpan now) => envelope.Event switch
    {
        // A reload loads all files at once, so an earlier failure is over.
        CertificateLoaded e => this with
        {
            Loaded = Add(Fact(envelope, now, e.Role, e.Subject, e.NotAfter, e.NotAfter - e.NotBefore)),
            FailedReload = null,
        },
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
    /// The end is computed once on the monotonic clock, when the certificate is reported, so that a later change of the wall clock
    /// changes no verdict.
    /// </summary>
    private static CertificateFact Fact(
        EventEnvelope envelope, TimeSpan now, CertificateRole role, string subject, DateTimeOffset notAfter, TimeSpan? life) =>
        new(role, subject, notAfter, life, now + (notAfter - envelope.Time), envelope.Sequence);

    private TimeSpan? LifeOf(CertificateExpiring expiring) =>
        Loaded.FirstOrDefault(fact => fact.Role == expiring.Role && fact.Subject == expiring.Subject && fact.NotAfter == expiring.NotAfter)
            ?.Life;

    /// <summary>A load reports the server's certificate first, so the CAs that were reported after it are of the same load.</summary>
    private ImmutableArray<CertificateFact> Add(CertificateFact fact)
    {
        var began = Loaded.FirstOrDefault(known => known.Role is CertificateRole.Server)?.Cause ?? long.MaxValue;
        return With(fact, known => fact.Role is CertificateRole.Authority && known.Cause > began);
    }

    private ImmutableArray<CertificateFact> Set(CertificateFact fact) => With(
        fact, known => known.Role is CertificateRole.Authority && (known.Subject != fact.Subject || known.NotAfter != fact.NotAfter));

    private ImmutableArray<CertificateFact> With(CertificateFact fact, Func<CertificateFact, bool> staysBeside) =>
        [.. Loaded.Where(known => known.Role != fact.Role || staysBeside(known)).Append(fact).OrderBy(known => known.Role)];
}
