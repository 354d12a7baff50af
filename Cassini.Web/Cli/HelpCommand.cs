using System.CommandLine;
using Cassini.Harness;
using Cassini.Web.Cli.Context;
using Cassini.Web.Cli.Manual;

namespace Cassini.Web.Cli;

/// <summary><c>cassini help [COMMAND]</c>: the same as <c>cassini [COMMAND] --help</c>.</summary>
internal static class HelpCommand
{
    public static Command Create(CliContext context)
    {
        var name = new Argument<string?>("COMMAND")
        {
            HelpName = "COMMAND",
            Description = "The command; all of them without one.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new DocumentedCommand("help", "Shows the help of a command.")
        {
            Examples = [("cassini help", "all commands, and the exit codes"), ("cassini help pub", "the same as cassini pub --help")],
        };
        name.CompletionSources.Add(_ => command.Parents.OfType<Command>().SelectMany(root => root.Subcommands)
            .Select(other => new System.CommandLine.Completions.CompletionItem(other.Name)));
        command.Arguments.Add(name);
        command.SetAction((parsed, cancellation) => ShowAsync(parsed, parsed.GetValue(name), context, cancellation));
        return command;
    }

    private static async Task<int> ShowAsync(ParseResult parsed, string? name, CliContext context, CancellationToken cancellation)
    {
        var root = parsed.RootCommandResult.Command;
        if (name is not null && root.Subcommands.All(command => command.Name != name))
        {
            context.Complain(UnknownWords.NoCommand(name, root));
            return ExitCode.Usage;
        }

        string[] args = name is null ? ["--help"] : [name, "--help"];
        return await root.Parse(args).InvokeAsync(parsed.InvocationConfiguration, cancellation);
    }
}
