using System.CommandLine;
using Cassini.Harness;
using Cassini.Streams.Primitives;
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
        var known = root.Subcommands.Select(command => command.Name).ToList();
        if (name is not null && !known.Contains(name))
        {
            context.Complain($"there is no command {SafeText.Quote(name)}");
            context.Error.WriteLine(NearestName.Of(name, known) is { } nearest
                ? $"Did you mean '{nearest}'?"
                : $"The commands are {string.Join(", ", known)}.");
            return ExitCode.Usage;
        }

        string[] args = name is null ? ["--help"] : [name, "--help"];
        return await root.Parse(args).InvokeAsync(parsed.InvocationConfiguration, cancellation);
    }
}
