using System.CommandLine;
using System.CommandLine.Parsing;
using Cassini.Harness;
using Cassini.Streams.Health.Records;
using Cassini.Streams.Primitives;
using Cassini.Web.Cli.Context;
using Cassini.Web.Cli.Manual;
using Cassini.Web.Cli.Replaying;

namespace Cassini.Web.Cli;

/// <summary><c>cassini replay FILE</c>: how health changed in a record, and how it would have changed under another policy.</summary>
internal static class ReplayCommand
{
    public static Command Create(CliContext context)
    {
        var file = new Argument<string>("FILE") { Description = "A record; - is standard input." };
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
        var command = new DocumentedCommand(
            "replay", "Shows when and why health changed in a record, and how it would have changed under another policy.")
        {
            Examples =
            [
                ("cassini replay incident.jsonl", "each transition with its reason and its evidence, and a summary"),
                ("cassini replay incident.jsonl --policy longer-hold.json", "the recorded changes beside those under that policy"),
                ("gunzip -c incident.jsonl.gz | cassini replay - --until 2h --json", "the first two hours of the process, for machines"),
            ],
            Notes = $"Exit codes: {ExitCode.Ok} replayed, {ExitCode.Error} nothing could be replayed, {ExitCode.Usage} wrong usage, "
                + $"{ExitCode.Interrupted} interrupted. "
                + "Problems of the record go to standard error.",
        };
        command.Arguments.Add(file);
        command.Options.Add(policy);
        command.Options.Add(until);
        command.Options.Add(json);
        command.SetAction((parsed, _) => RunAsync(
            context, parsed.GetRequiredValue(file), parsed.GetValue(policy), parsed.GetValue(until), parsed.GetValue(json)));
        return command;
    }

    private static async Task<int> RunAsync(CliContext context, string file, string? policyFile, ReplayLimit? until, bool json)
    {
        try
        {
            var policy = policyFile is null ? null : PolicyFile.Load(policyFile, context.WorkingDirectory);
            await using var record = file == "-"
                ? context.OpenIn()
                : new FileStream(
                    Path.Combine(context.WorkingDirectory, file), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            IReplayReport report = json ? new JsonLinesReport(context.Out) : new TextReport(context.Out, policyFile);
            return await new Replayer(NameOf(file), until, policy, report, context).RunAsync(record) ? ExitCode.Ok : ExitCode.Error;
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
        catch (Exception exception)
            when (!context.IsOutputLost && exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            context.Complain($"{NameOf(file)}: {FileProblem.Of(exception, Path.Combine(context.WorkingDirectory, file))}");
            return ExitCode.Error;
        }
    }

    private static string NameOf(string file) => file == "-" ? "standard input" : SafeText.Of(file);

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
