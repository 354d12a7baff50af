using System.CommandLine;

namespace Cassini.Web.Cli.Manual;

/// <summary>The man page, made from the commands themselves (man(7)).</summary>
internal static class ManPage
{
    public static void Write(TextWriter output, Command root, string version)
    {
        output.WriteLine($".TH CASSINI 1 \"\" \"cassini {Escape(version)}\" \"User Commands\"");
        Section(output, "NAME");
        output.WriteLine($@"cassini \- {Escape(root.Description!.TrimEnd('.'))}");
        Section(output, "SYNOPSIS");
        output.WriteLine(".B cassini");
        output.WriteLine(@"[\fICOMMAND\fR] [\fIOPTION\fR]...");
        Section(output, "DESCRIPTION");
        Paragraphs(output, RootNotes.DefaultCommand);
        foreach (var command in root.Subcommands.Where(command => !command.Hidden))
        {
            Write(output, command);
        }

        Section(output, "EXIT STATUS");
        foreach (var (code, meaning) in RootNotes.ExitCodes)
        {
            Item(output, $"{code}", meaning);
        }
    }

    private static void Write(TextWriter output, Command command)
    {
        Section(output, $"CASSINI {command.Name.ToUpperInvariant()}");
        output.WriteLine($@"\fBcassini {Escape(command.Name)}\fR{string.Concat(command.Arguments.Select(Usage))} [\fIOPTION\fR]...");
        output.WriteLine(".PP");
        output.WriteLine(Line(command.Description!));
        foreach (var argument in command.Arguments)
        {
            Item(output, argument.Name, argument.Description!);
        }

        foreach (var option in command.Options.Where(option => !option.Hidden))
        {
            var names = string.Join(", ", option.Aliases.Prepend(option.Name));
            Item(output, option.HelpName is { } value ? $"{names} {value}" : names, option.Description!);
        }

        if (command is not DocumentedCommand { Examples: var examples, Notes: var notes })
        {
            return;
        }

        Paragraphs(output, notes ?? "");
        output.WriteLine(".PP");
        output.WriteLine("Examples:");
        foreach (var (line, meaning) in examples)
        {
            Item(output, line, meaning);
        }
    }

    private static string Usage(Argument argument)
    {
        var name = $@"\fI{Escape(argument.Name)}\fR{(argument.Arity.MaximumNumberOfValues > 1 ? "..." : "")}";
        return argument.Arity.MinimumNumberOfValues == 0 ? $" [{name}]" : $" {name}";
    }

    private static void Section(TextWriter output, string title) => output.WriteLine($".SH {Escape(title)}");

    private static void Item(TextWriter output, string name, string meaning)
    {
        output.WriteLine(".TP");
        output.WriteLine($@"\fB{Escape(name)}\fR");
        output.WriteLine(Line(meaning));
    }

    private static void Paragraphs(TextWriter output, string text)
    {
        foreach (var paragraph in text.ReplaceLineEndings("\n").Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            output.WriteLine(".PP");
            foreach (var line in paragraph.Split('\n'))
            {
                // A list: its lines are indented, and stay lines.
                output.Write(line.StartsWith("  ", StringComparison.Ordinal) ? ".br\n" : "");
                output.WriteLine(Line(line));
            }
        }
    }

    /// <summary>Text, which must not begin as a request does.</summary>
    private static string Line(string text) => Escape(text) is ['.' or '\'', ..] request ? $@"\&{request}" : Escape(text);

    private static string Escape(string text) => string.Concat(text.EnumerateRunes().Select(rune => rune.Value switch
    {
        '\\' => @"\e",
        '-' => @"\-",
        > 127 => $"\\[u{rune.Value:X4}]",
        _ => rune.ToString(),
    }));
}
