using System.Collections.Immutable;
using System.CommandLine;
using Cassini.Harness;
using Cassini.Harness.Clients;
using Cassini.Streams.Events;
using Cassini.Web.Cli.Context;
using Cassini.Web.Cli.Following;
using Cassini.Web.Cli.Manual;
using Cassini.Web.Cli.Watching;

namespace Cassini.Web.Cli;

/// <summary><c>cassini watch URL</c>: the health and the events of a broker, as they come.</summary>
internal static class WatchCommand
{
    public static Command Create(CliContext context)
    {
        var url = new Argument<ManagementAddress>("URL")
        {
            Description = $"The management port of a Cassini, http://HOST:PORT or HOST:PORT. [default {TargetArgument.Default.Name}]",
            Arity = ArgumentArity.ZeroOrOne,
            CustomParser = result => TargetArgument.Read(result).SingleOrDefault(),
        };
        var types = new Option<ImmutableArray<EventCategory>>("--types")
        {
            HelpName = "NAME,…",
            Description = $"Shows only events of these families: {string.Join(", ", EventTypes.Names)}. Repeatable. [default: all]",
            CustomParser = EventTypes.Read,
            DefaultValueFactory = _ => EventTypes.All,
            Arity = ArgumentArity.OneOrMore,
        };
        types.CompletionSources.Add([.. EventTypes.Names]);
        var json = new Option<bool>("--json") { Description = "One JSON object per line, also at a terminal." };
        var record = new Option<string?>("--record")
        {
            HelpName = "FILE",
            Description = "Writes everything to a file that 'cassini replay' reads.",
        };
        var access = new FeedAccess();
        var command = new DocumentedCommand("watch", "Shows a Cassini's health and events as they come.")
        {
            Examples =
            [
                ("cassini watch", "the Cassini on this machine"),
                ("cassini watch --types health,session", "changes of health, and clients that come and go"),
                ("cassini watch a:9090 --record incident.jsonl", "and keep what happens for 'cassini replay'"),
                ("cassini watch a:9090 --json | jq 'select(.note == \"transition\")'", "for programs"),
            ],
            Notes = "It survives restarts of the broker and ends with Ctrl-C. "
                + $"Exit codes: {ExitCode.Error} credentials refused or a file that cannot be used, {ExitCode.Usage} wrong usage, "
                + $"{ExitCode.Interrupted} interrupted.",
        };
        command.Arguments.Add(url);
        command.Options.Add(types);
        command.Options.Add(json);
        command.Options.Add(record);
        access.AddTo(command);
        command.SetAction((parsed, _) => new Watcher(
            context,
            new WatchRequest(
                parsed.GetValue(url) ?? TargetArgument.Default, parsed.GetValue(types), parsed.GetValue(json), parsed.GetValue(record)))
            .RunAsync(access.Read(parsed, context)));
        return command;
    }
}
