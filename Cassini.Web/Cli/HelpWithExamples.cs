using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Cassini.Web.Cli;

/// <summary>The library's help, followed by examples to paste.</summary>
internal sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
{
    private const string RootNotes = """
        Without a command, cassini serves: 'cassini --bind 127.0.0.1:8884' is 'cassini serve --bind 127.0.0.1:8884'.

        Exit codes:
          0    ok
          1    degraded
          2    error, or a start that cannot succeed
          3    timed out
          64   wrong usage
          130  interrupted

        """;

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var code = help.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        if (parseResult.CommandResult.Command is not DocumentedCommand command)
        {
            output.WriteLine(RootNotes);
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
}
