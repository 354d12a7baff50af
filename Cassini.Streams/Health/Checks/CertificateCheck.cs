using System.Globalization;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Facts;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Health.Checks;

/// <summary>The certificates do not expire soon, and the files on disk are the ones in use.</summary>
internal sealed class CertificateCheck : Check
{
    public override string Name => CheckNames.Certificate;

    public override bool InReadyz => true;

    public override object Basis(HealthFacts facts) => facts.Certificates;

    public override Verdict Judge(HealthFacts facts, HealthPolicy policy, TimeSpan now, HealthStatus raw)
    {
        var certificates = facts.Certificates;
        if (certificates.Loaded.IsEmpty)
        {
            return Verdict.Of(HealthStatus.Unknown, Reasons.NoEvidence, "no certificate is loaded yet");
        }

        var worst = Verdict.Ok();
        if (certificates.FailedReload is { } failed)
        {
            worst = Verdict.Of(
                HealthStatus.Degraded, Reasons.ReloadFailed,
                $"{failed.Path}: {failed.Message}; the old one still serves", certificates.FailedReloadCause);
        }

        // The worst finding is reported; of equally bad ones, the first.
        var next = certificates.NextToBegin(now);
        foreach (var fact in certificates.Deciding(now))
        {
            worst = Worse(worst, JudgeOne(fact, next, policy, now));
        }

        // From then on another CA can decide.
        return next?.BeginsAfter(now) is { } begins ? worst.Before(begins) : worst;
    }

    /// <summary>The verdict on one certificate alone.</summary>
    public static Verdict JudgeOne(CertificateFact fact, HealthPolicy policy, TimeSpan now)
    {
        var until = Text(fact.NotAfter);
        if (fact.Role is CertificateRole.RevocationList)
        {
            // Lists are short-lived by nature, so only a stale one is reported; it is still applied.
            return fact.Ends <= now
                ? Verdict.Of(
                    HealthStatus.Degraded,
                    Reasons.RevocationListStale,
                    $"the revocation list of {fact.Subject} was due at {until}",
                    fact.Cause)
                : Verdict.Ok(fact.Ends);
        }

        if (fact.BeginsAfter(now) is { } begins)
        {
            return Verdict.Of(
                HealthStatus.Error,
                Reasons.CertificateNotYetValid,
                $"{fact.Subject} is not valid before {Text(fact.NotBefore)}",
                fact.Cause).Before(begins);
        }

        var warn = fact.Ends - ExpiryNotice.Of(policy.CertificateExpiring, fact.Life);

        // Clients can still connect: only callers that verify the management certificate are turned away.
        var expired = fact.Role is CertificateRole.Management ? HealthStatus.Degraded : HealthStatus.Error;
        return fact.Ends <= now ? Verdict.Of(expired, Reasons.CertificateExpired, $"{fact.Subject} expired at {until}", fact.Cause)
            : warn <= now
                ? Verdict.Of(HealthStatus.Degraded, Reasons.CertificateExpiring, $"{fact.Subject} expires at {until}", fact.Cause)
                    .Before(fact.Ends)
            : Verdict.Ok(warn);
    }

    /// <summary>The verdict on the CA that decides also says when another one begins, if that is what the clients wait for.</summary>
    private static Verdict JudgeOne(CertificateFact fact, CertificateFact? next, HealthPolicy policy, TimeSpan now)
    {
        var verdict = JudgeOne(fact, policy, now);
        return next is not null && fact.Role is CertificateRole.Authority && fact.Ends <= now
            ? verdict with { Message = $"{verdict.Message}, and {next.Subject} is not valid before {Text(next.NotBefore)}" }
            : verdict;
    }

    private static string Text(DateTimeOffset time) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z");

    private static Verdict Worse(Verdict one, Verdict other) =>
        other.Status > one.Status ? other.Before(one.Until) : one.Before(other.Until);
}
