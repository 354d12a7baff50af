using Cassini.Management.Tables;

namespace Cassini.Tests.Management;

/// <summary>Settings of a broker that reads them.</summary>
internal sealed class FakeSettings : ISettingsView
{
    public string? File => "appsettings.json";

    public string? Problem { get; set; }

    public IReadOnlyList<SettingRow> Settings { get; } =
    [
        new SettingRow("Health:Hold", "15s", "15s", "default", AtOnce: false, NeedsRestart: true, Next: "30s"),
        new SettingRow("Hub:LogCapacity", 16_384, 16_384, "default", AtOnce: false, NeedsRestart: false, Next: null),
        new SettingRow("Listener:Backlog", 100, 512, "--set", AtOnce: false, NeedsRestart: false, Next: null),
    ];
}
