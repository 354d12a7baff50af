using System.Diagnostics.CodeAnalysis;

namespace Cassini.Web.Cli.Context;

/// <summary>The home directory of the user, which the user of a container often does not have.</summary>
internal static class HomeDirectory
{
    private const string Variable = "HOME";

    /// <summary>What Debian names the home of users that have none. Nothing is ever read or written there.</summary>
    private const string Nonexistent = "/nonexistent";

    /// <summary>
    /// Sets HOME for this process when it is not set: to the home in the list of users, or to a directory that does not exist. The runtime
    /// looks for lists of certificates there at every handshake, and without any home the handshake fails.
    /// </summary>
    public static void Ensure()
    {
        if (!OperatingSystem.IsWindows() && string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Variable)))
        {
            // The runtime gives the root directory for a user that is not in the list.
            var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify);
            Environment.SetEnvironmentVariable(Variable, home is "" or "/" ? Nonexistent : home);
        }
    }

    /// <summary>Whether it is a home where files may be kept.</summary>
    public static bool Exists([NotNullWhen(true)] string? home) => !string.IsNullOrEmpty(home) && home is not ("/" or Nonexistent);
}
