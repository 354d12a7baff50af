using System.Globalization;
using Cassini.Streams.Events;
using Cassini.Streams.Health.Facts;

namespace Cassini.Streams.Health.Checks;

/// <summary>The certificates are valid for a while yet, and the files on disk are those in use.</summary>
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
                HealthStatus.Degraded, Reasons.ReloadFailed, $"{failed.Path}: {failed.Message}; the old one still serves", certificates.FailedReloadCause);
        }

        // From the mildest finding to the worst, so that the last one that holds is the one reported.
        foreach (var fact in certificates.Loaded)
        {
            worst = Worse(worst, JudgeOne(fact, policy, now));
        }

        return worst;
    }

    /// <summary>One certificate by itself, whatever becomes of the others.</summary>
    public static Verdict JudgeOne(CertificateFact fact, HealthPolicy policy, TimeSpan now)
    {
        var until = string.Create(CultureInfo.InvariantCulture, $"{fact.NotAfter.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z");
        if (fact.Role is CertificateRole.RevocationList)
        {
            // Lists are short-lived by nature: only a stale one is news, and it still serves.
            return fact.Ends <= now
                ? Verdict.Of(HealthStatus.Degraded, Reasons.RevocationListStale, $"the revocation list of {fact.Subject} was due at {until}", fact.Cause)
                : Verdict.Ok(fact.Ends);
        }

        // A certificate of a day would always be expiring: it is only in its last third.
        var notice = fact.Life is { } life && life / 3 < policy.CertificateExpiring ? life / 3 : policy.CertificateExpiring;
        var warn = fact.Ends - notice;

        // Clients get in all the same: it is only the management that callers who verify cannot reach.
        var expired = fact.Role is CertificateRole.Management ? HealthStatus.Degraded : HealthStatus.Error;
        return fact.Ends <= now ? Verdict.Of(expired, Reasons.CertificateExpired, $"{fact.Subject} expired at {until}", fact.Cause)
            : warn <= now ? Verdict.Of(HealthStatus.Degraded, Reasons.CertificateExpiring, $"{fact.Subject} expires at {until}", fact.Cause).Before(fact.Ends)
            : Verdict.Ok(warn);
    }

    private static Verdict Worse(Verdict one, Verdict other) =>
        other.Status > one.Status ? other.Before(one.Until) : one.Before(other.Until);
}
