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
        foreach (var fact in certificates.Deciding())
        {
            worst = Worse(worst, JudgeOne(fact, policy, now));
        }

        return worst;
    }

    /// <summary>The verdict on one certificate alone.</summary>
    public static Verdict JudgeOne(CertificateFact fact, HealthPolicy policy, TimeSpan now)
    {
        var until = string.Create(CultureInfo.InvariantCulture, $"{fact.NotAfter.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z");
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

        var warn = fact.Ends - ExpiryNotice.Of(policy.CertificateExpiring, fact.Life);

        // Clients can still connect: only callers that verify the management certificate are turned away.
        var expired = fact.Role is CertificateRole.Management ? HealthStatus.Degraded : HealthStatus.Error;
        return fact.Ends <= now ? Verdict.Of(expired, Reasons.CertificateExpired, $"{fact.Subject} expired at {until}", fact.Cause)
            : warn <= now
                ? Verdict.Of(HealthStatus.Degraded, Reasons.CertificateExpiring, $"{fact.Subject} expires at {until}", fact.Cause)
                    .Before(fact.Ends)
            : Verdict.Ok(warn);
    }

    private static Verdict Worse(Verdict one, Verdict other) =>
        other.Status > one.Status ? other.Before(one.Until) : one.Before(other.Until);
}
