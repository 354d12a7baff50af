using Cassini.Web.Cli.Context;

namespace Cassini.Web.Cli.Settings;

/// <summary>The directory of the files that Cassini makes by itself.</summary>
internal static class DataDirectory
{
    /// <summary>The full path; null when none is given and there is no home.</summary>
    /// <remarks>The XDG base directory specification: a relative XDG_DATA_HOME is to be ignored.</remarks>
    /// <param name="given">The setting; null or empty for the user's.</param>
    /// <param name="environment">The variables that name the user's.</param>
    public static string? Of(string? given, IReadOnlyDictionary<string, string> environment)
    {
        if (!string.IsNullOrEmpty(given))
        {
            return Path.GetFullPath(given);
        }

        if (environment.GetValueOrDefault("XDG_DATA_HOME") is { } data && Path.IsPathFullyQualified(data))
        {
            return Path.Combine(data, "cassini");
        }

        var home = environment.GetValueOrDefault("HOME") ?? environment.GetValueOrDefault("USERPROFILE");
        return HomeDirectory.Exists(home) ? Path.Combine(home, ".local", "share", "cassini") : null;
    }
}
