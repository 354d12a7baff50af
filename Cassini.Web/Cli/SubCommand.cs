using System.CommandLine;
using System.CommandLine.Parsing;
using Cassini.Harness;
using Cassini.Web.Cli.Context;
using Cassini.Web.Cli.Manual;
using Cassini.Web.Cli.Messaging;

namespace Cassini.Web.Cli;

/// <summary><c>cassini sub FILTER...</c>: writes the messages that come.</summary>
internal static class SubCommand
{
    private static readonly string Notes = $"""
        On a terminal, control characters of topics and payloads are shown escaped. Bytes that are not text are exact only with --json.

        After a lost connection it connects again, and says so on standard error. What was published meanwhile is missing, unless the
        session was kept (--session).

        Exit codes: {ExitCode.Ok} --count messages were received, {ExitCode.Error} the broker is unreachable or refuses,
        {ExitCode.TimedOut} timed out, {ExitCode.Usage} wrong usage, {ExitCode.Interrupted} interrupted.
        """;

    public static Command Create(CliContext context)
    {
        var filters = new Argument<string[]>("FILTER")
        {
            Description = "What to subscribe to, such as '#' or 'home/+/temperature'.",
            Arity = ArgumentArity.OneOrMore,
        };
        filters.Validators.Add(RequireFilters);
        var connection = new ConnectionFlags();
        var count = Flags.Count("--count", "Ends after N messages. [default never]");
        var timeout = Flags.Duration(
            "--timeout", TimeSpan.FromMilliseconds(1), $"Ends after this time with exit code {ExitCode.TimedOut}. [default never]");
        var rate = new Option<bool>("--rate") { Description = "Writes messages/s and bytes/s once a second instead of the messages." };
        var noRetained = new Option<bool>("--no-retained") { Description = "Leaves out the messages that are retained already." };
        var session = Flags.Duration(
            "--session", TimeSpan.FromSeconds(1),
            "The broker keeps the session for this time without a connection: who comes back with the same --id gets what was published "
            + "meanwhile with QoS 1 or 2. [default it ends with the connection]");
        var command = new DocumentedCommand("sub", "Subscribes, and writes a line for each message: its topic and its payload.")
        {
            Examples =
            [
                ("cassini sub '#'", "everything, from the Cassini of this machine"),
                ("cassini sub 'home/#' --count 1 --timeout 10s --json", $"the next message, or exit code {ExitCode.TimedOut}"),
                ("cassini sub 'jobs/#' --id worker --session 1h --qos 1", "also what came while it was away"),
                ("cassini sub '#' --broker broker.example:8883 --ca ca.pem --cert client.pem --key client.key", "from another broker"),
            ],
            Instead = OtherClients.FlagsOfSubscribers,
            Notes = Notes,
        };
        command.Arguments.Add(filters);
        command.Options.Add(count);
        command.Options.Add(timeout);
        command.Options.Add(rate);
        command.Options.Add(noRetained);
        command.Options.Add(session);
        connection.AddTo(command);
        command.Validators.Add(parsed =>
        {
            if (parsed.GetResult(session) is not null && !connection.HasId(parsed))
            {
                parsed.AddError("--session needs --id: the session belongs to a client identifier");
            }
        });
        command.SetAction((parsed, _) => MessagingRun.ExitCodeAsync(
            context,
            parsed.GetValue(timeout),
            new MessagePrinter(
                connection.Read(parsed),
                new SubscribeRequest(
                    parsed.GetRequiredValue(filters), parsed.GetValue(count), parsed.GetValue(rate), parsed.GetValue(noRetained),
                    parsed.GetValue(session)),
                context).RunAsync));
        return command;
    }

    private static void RequireFilters(ArgumentResult result)
    {
        foreach (var problem in result.Tokens.Select(token => TopicText.ProblemOfFilter(token.Value)).OfType<string>())
        {
            result.AddError(problem);
        }
    }
}
