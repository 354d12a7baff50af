using System.CommandLine;
using Cassini.Harness;
using Cassini.Streams.Primitives;
using Cassini.Web.Cli.Context;
using Cassini.Web.Cli.Manual;

namespace Cassini.Web.Cli;

/// <summary><c>cassini completion SHELL</c>: the script that completes command lines.</summary>
internal static class CompletionCommand
{
    public static Command Create(CliContext context)
    {
        var shell = new Argument<string>("SHELL")
        {
            HelpName = "SHELL",
            Description = string.Join(", ", CompletionScript.ByShell.Keys) + ".",
        };
        shell.CompletionSources.Add([.. CompletionScript.ByShell.Keys]);
        shell.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !CompletionScript.ByShell.ContainsKey(token.Value))
            {
                result.AddError($"SHELL {SafeText.Quote(token.Value)} is not one of {string.Join(", ", CompletionScript.ByShell.Keys)}");
            }
        });
        var command = new DocumentedCommand("completion", "Writes the script with which a shell completes command lines of cassini.")
        {
            Examples =
            [
                ("eval \"$(cassini completion bash)\"", "in ~/.bashrc"),
                ("eval \"$(cassini completion zsh)\"", "in ~/.zshrc, after compinit"),
                ("cassini completion fish > ~/.config/fish/completions/cassini.fish", "once"),
            ],
        };
        command.Arguments.Add(shell);
        command.SetAction(parsed =>
        {
            context.Out.WriteLine(CompletionScript.ByShell[parsed.GetRequiredValue(shell)]);
            return ExitCode.Ok;
        });
        return command;
    }
}
