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
        var urls = new Argument<ManagementAddress[]>("URL")
        {
            Description = "The management port of a Cassini, http://HOST:PORT or HOST:PORT. With --fleet several nodes of it: any one that "
                + $"answers is enough. [default {TargetArgument.Default.Name}]",
            Arity = ArgumentArity.ZeroOrMore,
            CustomParser = TargetArgument.Read,
        };
        var fleet = new Option<bool>("--fleet") { Description = "Shows all nodes of the fleet, one line for each." };
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
                ("cassini watch --fleet a:9090 b:9090", "all nodes of a fleet, as one of these two says"),
                ("cassini watch a:9090 --record incident.jsonl", "and keep what happens for 'cassini replay'"),
                ("cassini watch a:9090 --json | jq 'select(.note == \"transition\")'", "for programs"),
            ],
            Notes = "It survives restarts of the broker and ends with Ctrl-C. "
                + $"Exit codes: {ExitCode.Error} credentials refused or a file that cannot be used, {ExitCode.Usage} wrong usage, "
                + $"{ExitCode.Interrupted} interrupted.",
        };
        command.Arguments.Add(urls);
        command.Options.Add(fleet);
        command.Options.Add(types);
        command.Options.Add(json);
        command.Options.Add(record);
        access.AddTo(command);
        command.Validators.Add(result =>
        {
            var isFleet = result.GetValue(fleet);
            if (isFleet && (result.GetResult(types) is { Implicit: false } || result.GetResult(record) is not null))
            {
                result.AddError("--types and --record are for one broker, and do not go with --fleet");
            }

            if (!isFleet && result.GetResult(urls) is { Tokens.Count: > 1 })
            {
                result.AddError("only one URL can be watched, or a fleet: --fleet");
            }
        });
        command.SetAction((parsed, _) =>
        {
            var targets = parsed.GetValue(urls) is { Length: > 0 } given ? given : [TargetArgument.Default];
            var options = access.Read(parsed, context);
            return parsed.GetValue(fleet)
                ? new FleetWatcher(context, targets, parsed.GetValue(json)).RunAsync(options)
                : new Watcher(
                    context, new WatchRequest(targets[0], parsed.GetValue(types), parsed.GetValue(json), parsed.GetValue(record)))
                    .RunAsync(options);
        });
        return command;
    }
}
