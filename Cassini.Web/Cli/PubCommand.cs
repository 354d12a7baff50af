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
        It writes nothing when it has sent all messages. With --qos 1 or 2 each message is acknowledged before the next one is sent.

        Whether the broker allows the messages is known only with --qos 1 or 2 and MQTT 5: with --qos 0, or with --mqtt 3.1.1, the
        protocol has no answer for it, and a message that is denied counts as published.

        Exit codes: {ExitCode.Ok} published (see above), {ExitCode.Error} the broker cannot be reached, is lost or refuses,
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
            Instead = OtherClients.FlagsOfPublishers,
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
