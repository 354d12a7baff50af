using System.CommandLine;
using System.Text;
using Cassini.Web.Cli.Settings;

namespace Cassini.Tests.Docs;

/// <summary>The tables of settings in docs/operate/operations.md, made from the options themselves.</summary>
internal static class SettingsTable
{
    public static string Render()
    {
        var flags = FlagsByKey();
        var variables = SettingsEnvironment.Named.ToLookup(pair => pair.Value, pair => pair.Key);
        var page = new StringBuilder();
        foreach (var section in KnownSettings.All.GroupBy(setting => setting.Key.Contains(':', StringComparison.Ordinal) ? setting.Key.Split(':')[0] : "At the top"))
        {
            page.Append($"### {section.Key}\n\n| setting | default | meaning, allowed | variable, flag |\n|---|---|---|---|\n");
            foreach (var setting in section)
            {
                var names = variables[setting.Key].Concat(flags[setting.Key]).Select(name => $"`{name}`");
                page.Append($"| `{setting.Key}` | {SettingText.Default(setting.Default)} | {SettingText.Meaning(setting)} | {string.Join(", ", names)} |\n");
            }

            page.Append('\n');
        }

        return page.ToString();
    }

    /// <summary>What each flag sets, by giving it.</summary>
    private static ILookup<string, string> FlagsByKey()
    {
        var flags = new SettingsFlags();
        var command = new Command("serve");
        flags.AddTo(command);
        return command.Options
            .Where(option => option.Name != "--set")
            .SelectMany(option => flags.Read(command.Parse(option.ValueType == typeof(bool) ? [option.Name] : [option.Name, "x"])).Settings
                .Select(setting => (setting.Key, option.Name)))
            .ToLookup(pair => pair.Key, pair => pair.Name);
    }
}
