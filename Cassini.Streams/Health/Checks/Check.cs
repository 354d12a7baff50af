using Cassini.Streams.Events;
using Cassini.Streams.Health.Facts;

namespace Cassini.Streams.Health.Checks;

/// <summary>
/// One health check: a pure judgement of facts at an instant. A new check needs a facts record, a subclass, a name in
/// <see cref="CheckNames"/>, reasons in <see cref="Reasons"/>, and a line in <see cref="AllChecks"/>.
/// </summary>
internal abstract class Check
{
    public abstract string Name { get; }

    /// <summary>Whether /readyz depends on the check.</summary>
    public virtual bool InReadyz => false;

    /// <summary>Whether /livez depends on the check.</summary>
    public virtual bool InLivez => false;

    /// <summary>Whether a recovery waits for the hold time. Not for phases, because they are facts and not measurements.</summary>
    public virtual bool IsDamped => true;

    /// <summary>The facts that the check judges. While they are the same object and the verdict has not expired, it stays valid.</summary>
    public abstract object Basis(HealthFacts facts);

    /// <summary>Judges the facts.</summary>
    /// <param name="facts">The facts, with every expiry due by <paramref name="now"/> applied.</param>
    /// <param name="policy">The thresholds.</param>
    /// <param name="now">The instant.</param>
    /// <param name="raw">The previous raw status, for thresholds with hysteresis.</param>
    public abstract Verdict Judge(HealthFacts facts, HealthPolicy policy, TimeSpan now, HealthStatus raw);

    /// <summary>Which probes fail when the check is in this status with these flags.</summary>
    public virtual Fails FailedProbes(HealthStatus status, Fails flags) =>
        InReadyz && status >= HealthStatus.Unknown ? Fails.Readyz : Fails.Nothing;
}
