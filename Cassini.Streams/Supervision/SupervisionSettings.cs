using Cassini.Streams.Settings;

namespace Cassini.Streams.Supervision;

/// <summary>The section <c>Supervision</c>, and the rule between its settings.</summary>
internal static class SupervisionSettings
{
    public static SettingsSection<RestartPolicy> Section { get; } = new(
        "Supervision",
        RestartPolicy.Default,
        SettingRule<RestartPolicy>.That(
            "Supervision:MaxDelay",
            "at least Supervision:InitialDelay",
            policy => policy.MaxDelay >= policy.InitialDelay,
            policy => policy.MaxDelay,
            "Supervision:InitialDelay"));
}
