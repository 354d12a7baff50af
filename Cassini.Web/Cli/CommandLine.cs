using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Cassini.Harness;
using Cassini.Harness.Clients;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Web.Cli.Context;
using Cassini.Web.Cli.Manual;

namespace Cassini.Web.Cli;

/// <summary>Runs the command that the arguments name, and turns its result into an exit code.</summary>
internal static class CommandLine
{
    /// <summary>What runs when the arguments name no command.</summary>
    public const string DefaultCommand = "serve";

    public static async Task<int> RunAsync(IReadOnlyList<string> args, CliContext context, params IReadOnlyList<Command> commands)
    {
        var root = Root(commands);
        var parsed = root.Parse(
            WithCommand(args, root), new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null });
        var unknown = UnknownWords.In(parsed);
        if (unknown.Count > 0 || parsed.Errors.Count > 0)
        {
            // The library's errors beside an unknown word come from that word, as a rule.
            return ExplainUsage(unknown.Count > 0 ? unknown : parsed.Errors.Select(error => error.Message), parsed, context);
        }

        return WithOutput(await InvokeAsync(parsed, context), context);
    }

    private static async Task<int> InvokeAsync(ParseResult parsed, CliContext context)
    {
        try
        {
            // Signals are the context's: the library's own handling would end the process two seconds after the first.
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                Output = context.Out,
                Error = context.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
        }
        catch (IOException) when (context.IsOutputLost)
        {
            return ExitCode.Error;
        }
        catch (OperationCanceledException) when (context.OutputEnd is { Failure: not null } or { IsUnread: true })
        {
            return ExitCode.Interrupted;
        }
        catch (OperationCanceledException) when (context.Signals.Stop.IsCancellationRequested)
        {
            context.Complain("interrupted");
            return ExitCode.Interrupted;
        }
        catch (ClientException failure)
        {
            context.Complain(failure.Message);
            return ExitCode.Error;
        }
        catch (Exception exception)
        {
            // The runtime loads the parts of the program one by one, so a part that cannot be opened fails anywhere.
            context.Complain(
                Surroundings.ShortageOfFiles(DescriptorBudget.Read(), DescriptorBudget.Least) ?? $"unexpected: {exception}");
            return ExitCode.Error;
        }
    }

    /// <summary>
    /// The exit code of a command whose output ended before it did. That nobody reads any more, as after <c>| head -1</c>, is said by
    /// the exit code alone, as a program that SIGPIPE ends does it.
    /// </summary>
    private static int WithOutput(int exitCode, CliContext context)
    {
        switch (context.OutputEnd)
        {
            case { IsUnread: true, Failure: not null }:
            case { IsUnread: true } when exitCode == ExitCode.Interrupted:
                return ExitCode.BrokenPipe;
            case { Failure: { } failure }:
                context.Complain($"standard output cannot be written: {failure.Message}");
                return ExitCode.Error;
            default:
                return exitCode;
        }
    }

    private static RootCommand Root(IReadOnlyList<Command> commands)
    {
        var root = new RootCommand("An mTLS broker whose health you can subscribe to.");
        foreach (var command in commands)
        {
            root.Subcommands.Add(command);
        }

        // Never runs, because a command is always named; but without it the library complains of a missing command beside a mistyped one.
        root.SetAction(_ => ExitCode.Usage);
        foreach (var option in root.Options)
        {
            option.Action = option switch
            {
                HelpOption help => new HelpWithExamples((HelpAction)help.Action!),
                VersionOption => new PrintVersion(),
                _ => option.Action,
            };
        }

        return root;
    }

    /// <summary>
    /// <c>cassini --bind …</c> means <c>cassini serve --bind …</c>. A first word that is not a flag is taken for a command, so that a
    /// mistyped command is reported as one.
    /// </summary>
    private static IReadOnlyList<string> WithCommand(IReadOnlyList<string> args, RootCommand root)
    {
        var isForRoot = args is [var first, ..]
            && (!first.StartsWith('-') || root.Options.Any(option => option.Name == first || option.Aliases.Contains(first)));
        return isForRoot ? args : [DefaultCommand, .. args];
    }

    private static int ExplainUsage(IEnumerable<string> errors, ParseResult parsed, CliContext context)
    {
        foreach (var error in errors.Distinct())
        {
            context.Complain(error);
        }

        var command = parsed.CommandResult.Command;
        var path = command is RootCommand ? "cassini" : $"cassini {command.Name}";
        context.Error.WriteLine($"Try '{path} --help'.");
        return ExitCode.Usage;
    }

    private sealed class PrintVersion : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.WriteLine($"cassini {ProgramVersion.Text}");
            return ExitCode.Ok;
        }
    }
}
