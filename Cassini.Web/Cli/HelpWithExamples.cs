using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Cassini.Harness;

namespace Cassini.Web.Cli;

/// <summary>The library's help, followed by examples to paste.</summary>
internal sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
{
    private static readonly string RootNotes = $"""
        Without a command, cassini serves: 'cassini --bind 127.0.0.1:8884' is 'cassini serve --bind 127.0.0.1:8884'.

        Exit codes:
          {ExitCode.Ok,-4} ok
          {ExitCode.Degraded,-4} degraded
          {ExitCode.Error,-4} error, or a start that cannot succeed
          {ExitCode.TimedOut,-4} timed out
          {ExitCode.Usage,-4} wrong usage
          {ExitCode.Interrupted,-4} interrupted
          {ExitCode.BrokenPipe,-4} nobody reads the output any more, as after '| head -1'

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
