using System.CommandLine;
using Cassini.Harness;
using Cassini.Web.Cli.Context;
using Cassini.Web.Cli.Manual;
using Cassini.Web.Cli.Messaging;

namespace Cassini.Web.Cli;

/// <summary><c>cassini pub TOPIC [MESSAGE]</c>: publishes.</summary>
internal static class PubCommand
{
    private static readonly string Notes = $"""
        It writes nothing when all messages are published. With --qos 1 or 2 each message is acknowledged before the next one is sent.

        Exit codes: {ExitCode.Ok} published, {ExitCode.Error} the broker cannot be reached, is lost or refuses,
        {ExitCode.Usage} wrong usage, {ExitCode.Interrupted} interrupted.
        """;

    public static Command Create(CliContext context)
    {
        var flags = new PublishFlags();
        var command = new DocumentedCommand("pub", "Publishes one message or several.")
        {
            Examples =
            [
                ("cassini pub greetings/world hello", "to the Cassini of this machine"),
                ("cassini pub home/door open --qos 1 --retain", "acknowledged, and kept for later subscribers"),
                ("cassini pub load x --repeat 100000 --rate", "shows the publish rate"),
                ("journalctl -f | cassini pub logs --stdin-lines", "each line a message"),
            ],
            Notes = Notes,
        };
        flags.AddTo(command);
        command.SetAction((parsed, _) => MessagingRun.ExitCodeAsync(
            context,
            null,
            cancellation => new Publisher(flags.Connection(parsed), flags.Request(parsed, context), context).RunAsync(cancellation)));
        return command;
    }
}
