using System.CommandLine;
using System.CommandLine.Parsing;
using Cassini.Harness;
using Cassini.Harness.Clients;
using Cassini.Streams.Feed;
using Cassini.Streams.Primitives;
using Cassini.Web.Cli.Administering;
using Cassini.Web.Cli.Context;
using Cassini.Web.Cli.Following;
using Cassini.Web.Cli.Manual;

namespace Cassini.Web.Cli;

/// <summary><c>cassini admin ACTION [TARGET]</c>: looks at who holds what, and makes room without a restart.</summary>
internal static class AdminCommand
{
    /// <summary>A purge of very many messages takes its time.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public static Command Create(CliContext context)
    {
        var action = new Argument<string>("ACTION") { Description = string.Join(", ", AdminActions.Names) + "." };
        action.CompletionSources.Add([.. AdminActions.Names]);
        var target = new Argument<string?>("TARGET")
        {
            Description = "client, end-session: a client identifier. disconnect: an identity. purge-retained: a topic filter.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var keep = new Option<bool>("--keep-sessions")
        {
            Description = "disconnect: only closes the connections; sessions that outlive them are kept.",
        };
        var by = new Option<string?>("--by")
        {
            HelpName = "RESOURCE",
            Description = "identities: those that have most of it first, for example sessions. "
                + "[default: that of which each has the largest part]",
        };
        var search = new Option<string?>("--search")
        {
            HelpName = "TEXT",
            Description = "sessions: those that have this in their client identifier or identity.",
        };
        var state = new Option<string?>("--state")
        {
            HelpName = "STATE",
            Description = "sessions: connected, kept for a client that is away, or slow: those that do not keep up. [default: all]",
        };
        var sort = new Option<string?>("--sort")
        {
            HelpName = "COLUMN",
            Description = "sessions: by this column, with - before it in descending order, for example -queued. [default: clientId]",
        };
        var limit = new Option<int?>("--limit")
        {
            HelpName = "N",
            Description = "identities, sessions: how many are listed at most, 1 to 1000. [default: 100]",
        };
        var management = new Option<ManagementAddress[]>("--management")
        {
            HelpName = "URL",
            Description = $"The management port, http://HOST:PORT or HOST:PORT. [default {TargetArgument.Default.Name}]",
            CustomParser = TargetArgument.Read,
            Arity = ArgumentArity.ExactlyOne,
        };
        var json = new Option<bool>("--json") { Description = "The answer as one line of JSON." };
        var access = new FeedAccess();
        var command = new DocumentedCommand("admin", "Shows who holds what, and ends sessions, connections and retained messages.")
        {
            Examples =
            [
                ("cassini admin identities --by sessions", "who has most sessions, with everyone's share"),
                ("cassini admin sessions --state kept --sort=-queued", "for which absent clients most messages wait"),
                ("cassini admin sessions --state slow --sort=-queued", "which clients do not keep up with their messages"),
                ("cassini admin client sensor-17", "one client: its session, connection and subscriptions"),
                ("cassini admin end-session sensor-17", "ends the session of a client, open or kept"),
                ("cassini admin disconnect mallory", "closes all connections of an identity, and ends its sessions"),
                ("cassini admin disconnect gateway --keep-sessions", "closes its connections only"),
                ("cassini admin purge-retained 'old/#'", "removes the retained messages of a part of the topics"),
            ],
            Notes = $"""
                A client may come back at once: a rule 'deny all NAME #' at the head of Broker:Access keeps it from doing anything. A will
                is published when its session is ended. Subscribers are not told of retained messages that are removed.

                Exit codes: {ExitCode.Ok} done, {ExitCode.Error} there is no such session or identity, or the broker refuses or cannot be
                reached, {ExitCode.Usage} wrong usage, {ExitCode.Interrupted} interrupted.
                """,
        };
        command.Arguments.Add(action);
        command.Arguments.Add(target);
        command.Options.Add(keep);
        command.Options.Add(by);
        command.Options.Add(search);
        command.Options.Add(state);
        command.Options.Add(sort);
        command.Options.Add(limit);
        command.Options.Add(management);
        command.Options.Add(json);
        access.AddTo(command);
        command.Validators.Add(result => Check(
            result, action, target,
            [
                (keep, [AdminActions.Disconnect]),
                (by, [AdminActions.Identities]),
                (search, [AdminActions.Sessions]),
                (state, [AdminActions.Sessions]),
                (sort, [AdminActions.Sessions]),
                (limit, [AdminActions.Identities, AdminActions.Sessions]),
            ]));
        command.SetAction((parsed, _) => RunAsync(
            context,
            parsed.GetValue(management) is [var given] ? given : TargetArgument.Default,
            AdminActions.Of(
                parsed.GetRequiredValue(action), parsed.GetValue(target), parsed.GetValue(keep),
                new AdminFilter(
                    parsed.GetValue(by), parsed.GetValue(search), parsed.GetValue(state), parsed.GetValue(sort), parsed.GetValue(limit))),
            parsed.GetValue(json),
            access.Read(parsed, context)));
        return command;
    }

    private static async Task<int> RunAsync(
        CliContext context, ManagementAddress management, AdminAction action, bool json, HealthFeedOptions options)
    {
        try
        {
            using var client = new ManagementClient(management.Management, options, Patience);
            var answer = await client.SendAsync(action.Method, action.Path, context.Signals.Stop);
            context.Out.WriteLine(json ? answer.Trim() : AdminText.Of(answer, action));
            return ExitCode.Ok;
        }
        catch (ClientException failure)
        {
            var remedy = failure.Message.StartsWith("refused: 401", StringComparison.Ordinal) ? $": give {ManagementAccess.Flags}" : "";
            context.Complain($"{management.Name}: {failure.Message}{remedy}");
            return ExitCode.Error;
        }
    }

    private static void Check(
        CommandResult result, Argument<string> action, Argument<string?> target, IEnumerable<(Option Option, string[] Actions)> options)
    {
        if (result.GetResult(action)?.Tokens is not [var token])
        {
            return;
        }

        var name = token.Value;
        if (!AdminActions.Names.Contains(name))
        {
            var nearest = NearestName.Of(name, AdminActions.Names);
            result.AddError(
                $"ACTION {SafeText.Quote(name)} is not one of {string.Join(", ", AdminActions.Names)}"
                + (nearest is null ? "" : $": did you mean '{nearest}'?"));
            return;
        }

        var hasTarget = result.GetResult(target)?.Tokens is [{ Value.Length: > 0 }];
        if (hasTarget == AdminActions.IsTable(name))
        {
            result.AddError(hasTarget ? $"{name} takes no TARGET" : $"{name} needs a TARGET: {AdminActions.TargetOf(name)}");
        }

        foreach (var (option, actions) in options)
        {
            if (result.GetResult(option) is not null && !actions.Contains(name))
            {
                result.AddError($"{option.Name} goes with {string.Join(" and ", actions)} alone");
            }
        }
    }
}
