namespace Cassini.Web.Cli.Serving;

/// <summary>Words for a POSIX shell.</summary>
internal static class Shell
{
    private const string Harmless = "/._-+:=@%,";

    public static string Quote(string word) =>
        word.Length > 0 && word.All(IsHarmless) ? word : $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    /// <summary>The path of a file; below the home directory as people write it, with <c>~</c>.</summary>
    /// <param name="path">A full path.</param>
    /// <param name="home">The home directory; null for none.</param>
    public static string File(string path, string? home) =>
        home is { Length: > 1 } && path.StartsWith(home.TrimEnd('/') + "/", StringComparison.Ordinal) && path.All(IsHarmless)
        ? $"~{path[home.TrimEnd('/').Length..]}"
        : Quote(path);

    /// <summary>How this program is started again from anywhere: its name, if the shell finds it by that, or its whole path.</summary>
    /// <param name="process">The file that the process was started from.</param>
    /// <param name="assembly">The program's own assembly, for a process that was started with <c>dotnet</c>.</param>
    /// <param name="searched">The variable PATH.</param>
    public static string Program(string? process, string assembly, string? searched)
    {
        var name = Path.GetFileName(process);
        if (process is null || name == "dotnet")
        {
            return $"dotnet {Quote(assembly)}";
        }

        return (searched ?? "").Split(':').Contains(Path.GetDirectoryName(process)) ? Quote(name!) : Quote(process);
    }

    private static bool IsHarmless(char character) =>
        char.IsAsciiLetterOrDigit(character) || Harmless.Contains(character, StringComparison.Ordinal);
}
