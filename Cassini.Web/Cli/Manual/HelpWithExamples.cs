using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Cassini.Web.Cli.Manual;

/// <summary>The library's help, followed by examples to paste.</summary>
internal sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var code = help.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        if (parseResult.CommandResult.Command is not DocumentedCommand command)
        {
            WriteRootNotes(output);
            return code;
        }

        output.WriteLine("Examples:");
        foreach (var (line, meaning) in command.Examples)
        {
            output.WriteLine($"  {line}");
            output.WriteLine($"      {meaning}");
        }

        output.WriteLine();
        if (command.Notes is { } notes)
        {
            output.WriteLine(notes);
            output.WriteLine();
        }

        return code;
    }

    private static void WriteRootNotes(TextWriter output)
    {
        output.WriteLine(RootNotes.DefaultCommand);
        output.WriteLine();
        output.WriteLine("Exit codes:");
        foreach (var (exitCode, meaning) in RootNotes.ExitCodes)
        {
            output.WriteLine($"  {exitCode,-4} {meaning}");
        }

        output.WriteLine();
    }
}
