using System.CommandLine;
using System.CommandLine.Parsing;
using Cassini.Harness;
using Cassini.Harness.Clients;
using Cassini.Streams.Health.Records;
using Cassini.Streams.Primitives;
using Cassini.Web.Cli.Context;
using Cassini.Web.Cli.Following;
using Cassini.Web.Cli.Manual;
using Cassini.Web.Cli.Replaying;

namespace Cassini.Web.Cli;

/// <summary>
/// <c>cassini replay RECORD</c>: how health changed in a record or a history, and how it would have changed under another policy.
/// </summary>
internal static class ReplayCommand
{
    public static Command Create(CliContext context)
    {
        var record = new Argument<string>("RECORD")
        {
            Description = "The file of a record, - for standard input, or a history: a data directory, its history.db, "
                + "or the management port of a broker, http://HOST:PORT.",
        };
        var since = new Option<DateTimeOffset?>("--since")
        {
            HelpName = "TIME",
            Description = "Of a history: begin at the last state of health before this UTC time (2026-11-22T10:15:30Z).",
            CustomParser = Since,
        };
        var policy = new Option<string>("--policy")
        {
            HelpName = "FILE",
            Description = "Thresholds as in the Health section of appsettings.json; other thresholds stay as they were recorded.",
        };
        var until = new Option<ReplayLimit>("--until")
        {
            HelpName = "TIME",
            Description = "Stop here: a time after the process started (90s, 2h), a UTC time (2026-11-22T10:15:30Z) or the id of an event.",
            CustomParser = Limit,
        };
        var json = new Option<bool>("--json") { Description = "One JSON object per line, for machines." };
        var access = new FeedAccess();
        var command = new DocumentedCommand(
            "replay", "Shows when and why health changed in a record or a history, and how it would have under another policy.")
        {
            Examples =
            [
                ("cassini replay incident.jsonl", "each transition with its reason and its evidence, and a summary"),
                ("cassini replay incident.jsonl --policy longer-hold.json", "the recorded changes beside those under that policy"),
                ("cassini replay ~/.local/share/cassini --since 2026-11-22", "the history of a broker that runs or is stopped"),
                ("cassini replay http://127.0.0.1:9090 --since 2026-11-22T03:00Z", "the history of a running broker"),
                ("gunzip -c incident.jsonl.gz | cassini replay - --until 2h --json", "the first two hours of the process, for machines"),
            ],
            Notes = $"Exit codes: {ExitCode.Ok} replayed, {ExitCode.Error} nothing could be replayed, {ExitCode.Usage} wrong usage, "
                + $"{ExitCode.Interrupted} interrupted. "
                + "Problems of the record go to standard error.",
        };
        command.Arguments.Add(record);
        command.Options.Add(since);
        command.Options.Add(policy);
        command.Options.Add(until);
        command.Options.Add(json);
        access.AddTo(command);
        command.Validators.Add(result => CheckUrl(result, record));
        command.SetAction((parsed, _) => RunAsync(
            context,
            new RecordSource(parsed.GetRequiredValue(record), parsed.GetValue(since), access.Read(parsed, context), context),
            parsed.GetValue(policy),
            parsed.GetValue(until),
            parsed.GetValue(json)));
        return command;
    }

    private static async Task<int> RunAsync(
        CliContext context, RecordSource source, string? policyFile, ReplayLimit? until, bool json)
    {
        using var owned = source;
        try
        {
            var policy = policyFile is null ? null : PolicyFile.Load(policyFile, context.WorkingDirectory);
            await using var record = await source.OpenAsync();
            IReplayReport report = json ? new JsonLinesReport(context.Out) : new TextReport(context.Out, policyFile);
            return await new Replayer(source.Name, until, policy, report, context).RunAsync(record) ? ExitCode.Ok : ExitCode.Error;
        }
        catch (PolicyFileException exception)
        {
            context.Complain(exception.Errors is [var only] ? only : $"{exception.Errors.Count} settings of the policy are wrong:");
            foreach (var error in exception.Errors.Where(_ => exception.Errors.Count > 1))
            {
                context.Error.WriteLine($"  {error}");
            }

            return ExitCode.Error;
        }
        catch (ClientException exception)
        {
            context.Complain(
                source.IsBroker
                    ? $"{source.Name}: {ManagementAccess.WithRemedy(exception.Message, ManagementAccess.Flags)}"
                    : exception.Message);
            return ExitCode.Error;
        }
        catch (InvalidDataException exception)
        {
            context.Complain($"{source.Name}: {exception.Message}");
            return ExitCode.Error;
        }
        catch (Exception exception)
            when (!context.IsOutputLost && exception is IOException or UnauthorizedAccessException)
        {
            context.Complain($"{source.Name}: {FileProblem.Of(exception, source.Path)}");
            return ExitCode.Error;
        }
    }

    /// <summary>A file may be called anything else.</summary>
    private static void CheckUrl(CommandResult result, Argument<string> record)
    {
        if (result.GetResult(record)?.Tokens is [{ Value: var given }]
            && (given.StartsWith("http://", StringComparison.Ordinal) || given.StartsWith("https://", StringComparison.Ordinal))
            && !ManagementAddress.TryParse(given, out _, out var error))
        {
            result.AddError(error!);
        }
    }

    private static DateTimeOffset? Since(ArgumentResult result)
    {
        var text = result.Tokens.Single().Value;
        if (LimitText.TryParseTime(text, out var time))
        {
            return time;
        }

        result.AddError($"--since '{text}' is not a UTC time such as 2026-11-22T10:15:30Z or 2026-11-22");
        return null;
    }

    private static ReplayLimit? Limit(ArgumentResult result)
    {
        var text = result.Tokens.Single().Value;
        if (LimitText.TryParse(text, out var limit))
        {
            return limit;
        }

        result.AddError($"--until '{text}' is not {LimitText.Expected}");
        return null;
    }
}
