using Cassini.Web.Cli.Settings;

namespace Cassini.Tests.Deploy;

/// <summary>Which variables the program knows.</summary>
internal static class EnvironmentNames
{
    public static IEnumerable<string> Unknown(IEnumerable<string> names)
    {
        var keys = SettingsCatalog.All.Select(setting => setting.Key).ToHashSet(StringComparer.Ordinal);
        return names.Where(name => !SettingsEnvironment.Named.ContainsKey(name)
            && !(name.StartsWith(SettingsEnvironment.TreePrefix, StringComparison.Ordinal)
                && keys.Contains(name[SettingsEnvironment.TreePrefix.Length..].Replace("__", ":", StringComparison.Ordinal))));
    }
}
