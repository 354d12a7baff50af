using Cassini.Streams.Settings;

namespace Cassini.Streams.Health;

/// <summary>
/// Validates the thresholds of health. The ranges are on the properties of <see cref="HealthPolicy"/>; the rules between them are here.
/// </summary>
internal static class HealthPolicyValidator
{
    internal static SettingsSection<HealthPolicy> Section { get; } = new(
        "Health",
        new HealthPolicy(),
        SettingRule<HealthPolicy>.That(
            "Health:Tick", "at most half of Health:Window",
            health => health.Tick <= health.Window / 2, health => health.Tick, "Health:Window"),
        SettingRule<HealthPolicy>.That(
            "Health:LiveWindow", "at least Health:Window",
            health => health.LiveWindow >= health.Window, health => health.LiveWindow, "Health:Window"),
        SettingRule<HealthPolicy>.That(
            "Health:BacklogHard",
            "at least Health:BacklogSoft",
            health => health.BacklogHard >= health.BacklogSoft,
            health => health.BacklogHard,
            "Health:BacklogSoft"));

    /// <summary>Every error, each with the setting's key, its value and what is allowed; empty when the policy is valid.</summary>
    /// <param name="policy">The policy.</param>
    public static IReadOnlyList<SettingError> Validate(HealthPolicy policy) => Section.Validate(policy);
}
