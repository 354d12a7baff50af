using Cassini.Tests.Docs;
using Cassini.Web.Cli.Settings;

namespace Cassini.Tests.Deploy;

/// <summary>Which variables the program knows.</summary>
internal static class EnvironmentNames
{
    /// <summary>Settings of drain and of access to management: drop each from here once the options have it.</summary>
    private static readonly string[] Announced = ["CASSINI_MANAGEMENT_TOKEN_FILE", "CASSINI__Drain__ReadinessDelay"];

    public static IEnumerable<string> Unknown(IEnumerable<string> names)
    {
        var keys = KnownSettings.Keys.ToHashSet(StringComparer.Ordinal);
        return names.Where(name => !SettingsEnvironment.Named.ContainsKey(name)
            && !(name.StartsWith(SettingsEnvironment.TreePrefix, StringComparison.Ordinal)
                && keys.Contains(name[SettingsEnvironment.TreePrefix.Length..].Replace("__", ":", StringComparison.Ordinal)))
            && !Announced.Contains(name));
    }
}
