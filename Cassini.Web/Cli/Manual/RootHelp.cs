using System.CommandLine;

namespace Cassini.Web.Cli.Manual;

/// <summary>The help of the program. The library's own shows every argument of a command as if it were required.</summary>
internal static class RootHelp
{
    public static void Write(TextWriter output, Command root)
    {
        output.WriteLine("Description:");
        output.WriteLine($"  {root.Description}");
        output.WriteLine();
        output.WriteLine("Usage:");
        output.WriteLine("  cassini [command] [options]");
        output.WriteLine();
        output.WriteLine("Options:");
        WriteTable(output, root.Options.Where(option => !option.Hidden).Select(option => (NamesOf(option), option.Description!)));
        output.WriteLine("Commands:");
        WriteTable(output, root.Subcommands.Where(command => !command.Hidden).Select(command => (UsageOf(command), command.Description!)));
        output.WriteLine(RootNotes.DefaultCommand);
        output.WriteLine();
        output.WriteLine("Exit codes:");
        WriteTable(output, RootNotes.ExitCodes.Select(exit => ($"{exit.Code}", exit.Meaning)));
    }

    private static void WriteTable(TextWriter output, IEnumerable<(string Name, string Meaning)> rows)
    {
        var all = rows.ToList();
        var width = all.Max(row => row.Name.Length);
        foreach (var (name, meaning) in all)
        {
            output.WriteLine($"  {name.PadRight(width)}  {meaning}");
        }

        output.WriteLine();
    }

    private static string NamesOf(Option option) => string.Join(
        ", ", option.Aliases.Where(alias => alias.StartsWith('-')).Order(StringComparer.Ordinal).Append(option.Name));

    private static string UsageOf(Command command) => command.Name + string.Concat(command.Arguments.Select(UsageOf));

    private static string UsageOf(Argument argument)
    {
        var name = argument.Arity.MinimumNumberOfValues == 0 ? $"[{argument.Name}]" : argument.Name;
        return $" {name}{(argument.Arity.MaximumNumberOfValues > 1 ? "..." : "")}";
    }
}
