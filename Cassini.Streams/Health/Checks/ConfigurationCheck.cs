using Cassini.Streams.Events;
using Cassini.Streams.Health.Facts;

namespace Cassini.Streams.Health.Checks;

/// <summary>
/// The settings that were read last are right. Off where nothing reads settings. Wrong ones degrade it, because the next start would fail.
/// That some are in force only after a restart is no fault: an event and GET /config name them.
/// </summary>
internal sealed class ConfigurationCheck : Check
{
    public override string Name => CheckNames.Configuration;

    public override object Basis(HealthFacts facts) => facts.Configuration;

    public override Verdict Judge(HealthFacts facts, HealthPolicy policy, TimeSpan now, HealthStatus raw) => facts.Configuration switch
    {
        { IsRead: false } =>
            Verdict.Of(HealthStatus.Off, Reasons.ConfigurationOff, "no settings are read: the application around the broker has them"),
        { Problem: { } problem, Cause: var cause } =>
            Verdict.Of(HealthStatus.Degraded, Reasons.ConfigurationRefused, $"{problem}; the settings before stay in force", cause),
        _ => Verdict.Ok(),
    };
}
