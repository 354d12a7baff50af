using Cassini.Streams.Events;
using Cassini.Streams.Health.Facts;

namespace Cassini.Streams.Health.Checks;

/// <summary>
/// One health check: a pure judgement of facts at an instant. To add one: a facts record, a subclass, a name in
/// <see cref="CheckNames"/>, reasons in <see cref="Reasons"/>, and a line in <see cref="AllChecks"/>.
/// </summary>
internal abstract class Check
{
    public abstract string Name { get; }

    /// <summary>Whether /readyz looks at it.</summary>
    public virtual bool InReadyz => false;

    /// <summary>Whether /livez looks at it.</summary>
    public virtual bool InLivez => false;

    /// <summary>Whether recovery is held. Phases are facts, not measurements: they are not.</summary>
    public virtual bool IsDamped => true;

    /// <summary>The facts it judges: while they are the same object and time has not run out, the verdict stands.</summary>
    public abstract object Basis(HealthFacts facts);

    /// <summary>Judges the facts.</summary>
    /// <param name="facts">The facts, with every expiry due by <paramref name="now"/> applied.</param>
    /// <param name="policy">The thresholds.</param>
    /// <param name="now">The instant.</param>
    /// <param name="raw">The raw status before: for thresholds with hysteresis.</param>
    public abstract Verdict Judge(HealthFacts facts, HealthPolicy policy, TimeSpan now, HealthStatus raw);

    /// <summary>Which probes fail when the check is in this status with these flags.</summary>
    public virtual Fails FailedProbes(HealthStatus status, Fails flags) =>
        InReadyz && status >= HealthStatus.Unknown ? Fails.Readyz : Fails.Nothing;
}
