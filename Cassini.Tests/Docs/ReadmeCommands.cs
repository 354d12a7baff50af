namespace Cassini.Tests.Docs;

/// <summary>The lines of shell in the README, from its fenced blocks of sh.</summary>
internal static class ReadmeCommands
{
    public const string Start = "dotnet run --project Cassini.Web";
    public const string Test = "dotnet test --solution Cassini.sln";

    public static IReadOnlyList<string> All { get; } = Extract(Repository.Read("README.md"));

    internal static IReadOnlyList<string> Extract(string markdown)
    {
        var commands = new List<string>();
        var inShell = false;
        foreach (var line in markdown.Split('\n'))
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                inShell = !inShell && line.Trim() == "```sh";
            }
            else if (inShell && line.Trim().Length > 0)
            {
                commands.Add(line.Trim());
            }
        }

        return commands;
    }
}
