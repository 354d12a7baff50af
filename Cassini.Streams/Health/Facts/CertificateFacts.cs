using System.Collections.Immutable;
using Cassini.Streams.Events;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Health.Facts;

/// <summary>One certificate's end, on the clock that health uses.</summary>
/// <param name="Role">Which certificate.</param>
/// <param name="Subject">Its subject.</param>
/// <param name="NotAfter">Its end by the wall clock, for people.</param>
/// <param name="Life">Its whole period of validity; null while unknown.</param>
/// <param name="Ends">Its end, as a time since the epoch began.</param>
/// <param name="Cause">The event that reported it.</param>
internal sealed record CertificateFact(
    CertificateRole Role, string Subject, DateTimeOffset NotAfter, TimeSpan? Life, TimeSpan Ends, long Cause)
{
    /// <summary>Its beginning by the wall clock, for people; its end while that is unknown.</summary>
    public DateTimeOffset NotBefore =>
        Life is { } life && life > TimeSpan.Zero ? new(Math.Max(0, NotAfter.UtcTicks - life.Ticks), TimeSpan.Zero) : NotAfter;

    /// <summary>
    /// When a CA that is not valid yet begins to be valid, as a time since the epoch began; null when it is valid already. Any other
    /// certificate is null, because it is not loaded before its time, and a revocation list is applied at once.
    /// </summary>
    public TimeSpan? BeginsAfter(TimeSpan now) =>
        Role is CertificateRole.Authority && Life is { } life && life >= TimeSpan.Zero && life < Ends - now ? Ends - life : null;

    /// <summary>Whether both are the same certificate of one load after the other.</summary>
    public bool IsAgain(CertificateFact earlier) =>
        Role == earlier.Role
        && (Role is not CertificateRole.Authority || (Subject == earlier.Subject && NotAfter == earlier.NotAfter));
}

/// <summary>The facts about the certificates.</summary>
internal sealed record CertificateFacts
{
    public static readonly CertificateFacts None = new();

    public ImmutableArray<CertificateFact> Loaded { get; init; } = [];

    public CertificateReloadFailed? FailedReload { get; init; }

    public long FailedReloadCause { get; init; }

    /// <summary>
    /// Those that decide: of several CAs only the last to end of those that are valid now, because its clients can connect until then.
    /// </summary>
    public IEnumerable<CertificateFact> Deciding(TimeSpan now) => Loaded.GroupBy(fact => fact.Role).Select(role => role.MaxBy(
        fact => LastToEnd.Rank((fact.BeginsAfter(now) ?? TimeSpan.MinValue).Ticks, fact.Ends.Ticks, now.Ticks))!);

    /// <summary>The next CA to begin of those that are not valid yet; null when there is none.</summary>
    public CertificateFact? NextToBegin(TimeSpan now) =>
        Loaded.Where(fact => fact.BeginsAfter(now) is not null).MinBy(fact => fact.BeginsAfter(now));

    public CertificateFacts Apply(EventEnvelope envelope, TimeSpan now) => envelope.Event switch
    {
        // A reload loads all files at once, so an earlier failure is over.
        CertificateLoaded e => this with
        {
            Loaded = Add(Fact(envelope, now, e.Role, e.Subject, e.NotAfter, e.NotAfter - e.NotBefore), e.Following),
            FailedReload = null,
        },
        CertificateExpiring e => this with { Loaded = Put(Fact(envelope, now, e.Role, e.Subject, e.NotAfter, LifeOf(e))) },
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

    /// <summary>
    /// A load reports the server's certificate first. What was loaded before stays until the load is complete, so that no verdict is made
    /// of a part of the CAs.
    /// </summary>
    private ImmutableArray<CertificateFact> Add(CertificateFact fact, int? following)
    {
        var began = fact.Role is CertificateRole.Server
            ? fact.Cause
            : Loaded.FirstOrDefault(known => known.Role is CertificateRole.Server)?.Cause;
        if (following is null || began is null)
        {
            // An older Cassini did not say what follows: the first CA takes the place of those of the load before.
            var beside = Loaded.Where(known => known.Role != fact.Role || (fact.Role is CertificateRole.Authority && known.Cause > began));
            return [.. beside.Append(fact).OrderBy(known => known.Role)];
        }

        var loaded = Put(fact, before: began.Value);
        return following > 0
            ? loaded
            : [.. loaded.Where(known => known.Cause >= began).OrderBy(known => known.Role).ThenBy(known => known.Cause)];
    }

    /// <summary>The fact in the place of what was reported of the same certificate, or behind those of its role.</summary>
    private ImmutableArray<CertificateFact> Put(CertificateFact fact, long before = long.MaxValue) =>
        Loaded.FirstOrDefault(known => fact.IsAgain(known) && known.Cause < before) is { } known
            ? Loaded.Replace(known, fact)
            : [.. Loaded.Append(fact).OrderBy(known => known.Role)];
}
