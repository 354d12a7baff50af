using System.CommandLine;
using Cassini.Harness;
using Cassini.Web.Cli.Context;
using Cassini.Web.Cli.Manual;

namespace Cassini.Web.Cli;

/// <summary><c>cassini man</c>: the man page.</summary>
internal static class ManCommand
{
    public static Command Create(CliContext context)
    {
        var command = new DocumentedCommand("man", "Writes the man page, with every command and flag.")
        {
            Examples =
            [
                ("cassini man | man -l -", "reads it"),
                ("cassini man > /usr/local/share/man/man1/cassini.1", "installs it for 'man cassini'"),
            ],
        };
        command.SetAction(parsed =>
        {
            ManPage.Write(context.Out, parsed.RootCommandResult.Command, ProgramVersion.Text);
            return ExitCode.Ok;
        });
        return command;
    }
}
