using System.CommandLine;
using System.CommandLine.Parsing;
using Cassini.Harness;
using Cassini.Harness.Clients;
using Cassini.Streams.Feed;
using Cassini.Streams.Fleet;
using Cassini.Web.Cli.Context;
using Cassini.Web.Cli.Following;
using Cassini.Web.Cli.Manual;
using Cassini.Web.Cli.Messaging;
using Cassini.Web.Cli.Waiting;

namespace Cassini.Web.Cli;

/// <summary><c>cassini wait URL...</c>: ends when every URL's Cassini is as wanted.</summary>
internal static class WaitCommand
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(60);

    public static Command Create(CliContext context)
    {
        var urls = new Argument<ManagementAddress[]>("URL")
        {
            Description = "The management port of a Cassini, http://HOST:PORT or HOST:PORT. Every one of them must reach the state; "
                + "with --fleet they are nodes of it, and any one that answers is enough. "
                + $"[default {TargetArgument.Default.Name}]",
            Arity = ArgumentArity.ZeroOrMore,
            CustomParser = TargetArgument.Read,
        };
        var goal = new Option<WaitGoal>("--for")
        {
            HelpName = "ready|live|ok",
            Description = "ready: new clients can be served. live: the process still works and needs no restart. "
                + "ok: nothing is wrong, not even degraded. [default ready]",
            CustomParser = Goal,
        };
        goal.CompletionSources.Clear();
        goal.CompletionSources.Add("ready", "live", "ok");
        var timeout = Flags.Duration("--timeout", TimeSpan.Zero, "The longest wait; 0 waits for ever. [default 60s]");
        var fleet = Flags.Count("--fleet", "Waits for a fleet: until so many nodes are ready and each hears the others.");
        var json = new Option<bool>("--json") { Description = "One JSON object per line for each change, and one for the end." };
        var access = new FeedAccess();

        var command = new DocumentedCommand("wait", "Waits until a Cassini is ready, and says what it is waiting for.")
        {
            Examples =
            [
                ("cassini wait", "until the Cassini of this machine is ready, at most a minute"),
                ("cassini wait http://127.0.0.1:9090", "the same, said in full"),
                ("cassini wait a:9090 b:9090 --for ok --timeout 5m", "until nothing is wrong with either"),
                ("cassini wait --fleet 3 a:9090 b:9090", "until three nodes are ready and hear each other, as one of these two says"),
                ("cassini wait a:9090 --timeout 0 && ./dispatch", "as long as it takes, then go on"),
            ],
            Notes = $"Exit codes: {ExitCode.Ok} the state is reached (for ready and live also while degraded), "
                + $"{ExitCode.Error} it never will be (given up, credentials refused, no fleet), {ExitCode.TimedOut} timed out, "
                + $"{ExitCode.Usage} wrong usage, {ExitCode.Interrupted} interrupted.",
        };
        command.Arguments.Add(urls);
        command.Options.Add(goal);
        command.Options.Add(fleet);
        command.Options.Add(timeout);
        command.Options.Add(json);
        access.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(fleet) is not null && result.GetValue(goal) == WaitGoal.Live)
            {
                result.AddError("--for live is for one broker: with --fleet it is ready or ok");
            }
        });
        command.SetAction((parsed, _) => RunAsync(
            context,
            new WaitRequest(
                parsed.GetValue(urls) is { Length: > 0 } given ? given : [TargetArgument.Default],
                parsed.GetValue(fleet) is { } nodes ? (int)Math.Min(nodes, int.MaxValue) : null,
                parsed.GetValue(goal),
                parsed.GetValue(timeout) ?? DefaultTimeout,
                parsed.GetValue(json)),
            access.Read(parsed, context)));
        return command;
    }

    private static async Task<int> RunAsync(CliContext context, WaitRequest request, HealthFeedOptions options)
    {
        try
        {
            await new Waiter(context, request).RunAsync(options, context.Signals.Stop);
            return ExitCode.Ok;
        }
        catch (BrokerNotReadyException failure)
        {
            return Fail(failure.Message, failure.Cause);
        }
        catch (FleetNotReadyException failure)
        {
            return Fail(failure.Message, failure.Cause);
        }

        int Fail(string message, NotReadyCause cause)
        {
            context.Complain(ManagementAccess.WithRemedy(message, ManagementAccess.Flags));
            return cause == NotReadyCause.TimedOut ? ExitCode.TimedOut : ExitCode.Error;
        }
    }

    private static WaitGoal Goal(ArgumentResult result)
    {
        var text = result.Tokens.Single().Value;
        if (Enum.GetNames<WaitGoal>().Contains(text, StringComparer.OrdinalIgnoreCase))
        {
            return Enum.Parse<WaitGoal>(text, ignoreCase: true);
        }

        result.AddError($"--for '{text}' is not one of ready, live, ok");
        return default;
    }
}
