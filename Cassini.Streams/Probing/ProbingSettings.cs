using Cassini.Streams.Settings;

namespace Cassini.Streams.Probing;

/// <summary>The section <c>Probing</c>, and the rules between its settings.</summary>
internal static class ProbingSettings
{
    public static SettingsSection<ProbingOptions> Section { get; } = new(
        "Probing",
        new ProbingOptions(),
        SettingRule<ProbingOptions>.That(
            "Probing:CanaryCertificatePath",
            "it goes together with Probing:CanaryKeyPath",
            probing => (probing.CanaryCertificatePath is null) == (probing.CanaryKeyPath is null),
            probing => probing.CanaryCertificatePath ?? "nothing"));
}
