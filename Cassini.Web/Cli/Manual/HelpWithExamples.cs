using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Cassini.Harness;

namespace Cassini.Web.Cli.Manual;

/// <summary>The library's help, followed by examples to paste.</summary>
internal sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var output = parseResult.InvocationConfiguration.Output;
        if (parseResult.CommandResult.Command is not DocumentedCommand command)
        {
            RootHelp.Write(output, parseResult.CommandResult.Command);
            return ExitCode.Ok;
        }

        var code = help.Invoke(parseResult);

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
}
