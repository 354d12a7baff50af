using System.CommandLine;
using System.Text;
using System.Text.RegularExpressions;
using Cassini.Streams.Settings;
using Cassini.Web.Cli.Settings;

namespace Cassini.Tests.Docs;

/// <summary>The tables of docs/operate/settings.md, made from the options themselves.</summary>
internal static partial class SettingsPage
{
    public static string Render()
    {
        var flags = FlagsByKey();
        var variables = SettingsEnvironment.Named.ToLookup(pair => pair.Value, pair => pair.Key);
        var page = new StringBuilder();
        foreach (var section in SettingsCatalog.All.GroupBy(
            setting => setting.Key.Contains(':', StringComparison.Ordinal) ? setting.Key.Split(':')[0] : ""))
        {
            // A section may be that of two records.
            var meanings = section.Select(setting => setting.Property.DeclaringType!).Distinct().Select(SettingMeaning.Of);
            page.Append(section.Key.Length == 0 ? "### At the top\n\n" : $"### {section.Key}\n\n{string.Join(' ', meanings)}\n\n");
            page.Append("| setting | type or unit | default | allowed | meaning | variable, flag |\n|---|---|---|---|---|---|\n");
            foreach (var setting in section)
            {
                var names = variables[setting.Key].Concat(flags[setting.Key]).Select(name => $"`{name}`");
                page.Append(
                    $"| `{setting.Key}` | {setting.Type} | {SettingText.Of(setting.Default)} | {Keys().Replace(setting.Allowed, "`$0`")} ");
                page.Append($"| {SettingMeaning.Of(setting.Property)} | {string.Join(", ", names)} |\n");
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

    [GeneratedRegex(@"\b[A-Z][A-Za-z]+:[A-Z][A-Za-z]+\b")]
    private static partial Regex Keys();
}
