using System.CommandLine;
using System.CommandLine.Parsing;
using Cassini.Harness;
using Cassini.Streams.Primitives;
using Cassini.Streams.Store.Maintenance;
using Cassini.Web.Cli.Context;
using Cassini.Web.Cli.Manual;
using Cassini.Web.Cli.Settings;
using Cassini.Web.Cli.Storing;

namespace Cassini.Web.Cli;

/// <summary><c>cassini store ACTION [DIR]</c>: looks after the directory in which the broker keeps its state.</summary>
internal static class StoreCommand
{
    public static Command Create(CliContext context)
    {
        var action = new Argument<string>("ACTION") { Description = string.Join(", ", StoreActions.Names) + "." };
        action.CompletionSources.Add([.. StoreActions.Names]);
        var directory = new Argument<string?>("DIR")
        {
            Description = "The directory of the journal. [default: the one that 'cassini serve' uses]",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var target = new Option<string?>("--to")
        {
            HelpName = "NEWDIR",
            Description = "repair, backup: the directory to write, which must not exist.",
        };
        var cut = new Option<bool>("--cut")
        {
            Description = "repair: keeps only what is before the damage, so that the result is a state that once was.",
        };
        var skip = new Option<bool>("--skip") { Description = "repair: keeps what is behind the damage too. The default." };
        var noPayloads = new Option<bool>("--no-payloads") { Description = "dump: only how long each payload is." };
        var json = new Option<bool>("--json") { Description = "The answer as one line of JSON. A dump is JSON anyway." };
        var config = new Option<string?>("--config")
        {
            HelpName = "FILE",
            Description = "The settings file to look for Store:Directory in. [default: appsettings.json, if it exists]",
        };
        var command = new DocumentedCommand("store", "Checks, dumps, repairs, compacts and backs up the journal of a broker.")
        {
            Examples =
            [
                ("cassini store check", "what is in the journal of this user's broker, and whether all of it can be read"),
                ("cassini store backup --to /backup/monday", "a copy of this moment, while the broker runs"),
                ("cassini store dump --no-payloads | jq 'select(.topic)'", "which topics are in it, record by record"),
                ("cassini store repair /var/lib/cassini/journal --to /var/lib/cassini/repaired", "keeps all that can be read"),
                ("cassini store compact", "makes the file small while no broker runs"),
            ],
            Notes = $"""
                check, dump and backup change nothing in DIR and work while a broker has it; check and backup then read it as it is at one
                moment. repair and compact want the broker stopped. repair writes NEWDIR and leaves DIR as it is; compact changes DIR.

                Exit codes: {ExitCode.Ok} done, and nothing is wrong; {ExitCode.Error} damage was found, or DIR or NEWDIR cannot be used;
                {ExitCode.Usage} wrong usage; {ExitCode.Interrupted} interrupted. A repair that wrote NEWDIR is {ExitCode.Ok}.
                """,
        };
        command.Arguments.Add(action);
        command.Arguments.Add(directory);
        command.Options.Add(target);
        command.Options.Add(cut);
        command.Options.Add(skip);
        command.Options.Add(noPayloads);
        command.Options.Add(json);
        command.Options.Add(config);
        command.Validators.Add(result => Check(result, action, directory, target, [cut, skip], noPayloads));
        command.SetAction((parsed, _) => RunAsync(
            context,
            parsed.GetValue(directory),
            parsed.GetValue(config),
            place => new StoreRequest(parsed.GetRequiredValue(action), place)
            {
                Target = parsed.GetValue(target) is { } to ? Path.GetFullPath(to, context.WorkingDirectory) : "",
                Mode = parsed.GetValue(cut) ? RepairMode.Cut : RepairMode.Skip,
                Json = parsed.GetValue(json),
                NoPayloads = parsed.GetValue(noPayloads),
            }));
        return command;
    }

    private static async Task<int> RunAsync(CliContext context, string? directory, string? config, Func<string, StoreRequest> request)
    {
        var errors = new List<string>();
        var place = directory is null
            ? SettingsLoader.JournalDirectory(context, config, errors)
            : Path.GetFullPath(directory, context.WorkingDirectory);
        if (place is null)
        {
            context.Complain(errors is [var error, ..] ? error : "there is no home directory, and so no default for DIR");
            return ExitCode.Error;
        }

        try
        {
            return await new StoreRun(request(place), context).RunAsync();
        }
        catch (Exception failure) when (!context.IsOutputLost && failure is IOException or UnauthorizedAccessException)
        {
            context.Complain(SafeText.Visible(failure.Message));
            return ExitCode.Error;
        }
    }

    private static void Check(
        CommandResult result, Argument<string> action, Argument<string?> directory, Option<string?> target, Option<bool>[] modes,
        Option<bool> noPayloads)
    {
        if (result.GetResult(action)?.Tokens is not [var token])
        {
            return;
        }

        var name = token.Value;
        if (!StoreActions.Names.Contains(name))
        {
            var nearest = NearestName.Of(name, StoreActions.Names);
            result.AddError(
                $"ACTION {SafeText.Quote(name)} is not one of {string.Join(", ", StoreActions.Names)}"
                + (nearest is null ? "" : $": did you mean '{nearest}'?"));
            return;
        }

        if (result.GetResult(directory)?.Tokens is [{ Value.Length: 0 }])
        {
            result.AddError("DIR must not be empty");
        }

        var hasTarget = result.GetResult(target)?.Tokens is [{ Value.Length: > 0 }];
        if (hasTarget != StoreActions.HasTarget(name))
        {
            result.AddError(
                hasTarget ? $"--to goes with {StoreActions.Repair} and {StoreActions.Backup} alone" : $"{name} needs --to NEWDIR");
        }

        var given = modes.Where(mode => result.GetResult(mode) is not null).ToList();
        if (given.Count > 0 && name != StoreActions.Repair)
        {
            result.AddError($"{given[0].Name} goes with {StoreActions.Repair} alone");
        }
        else if (given.Count > 1)
        {
            result.AddError("give --cut or --skip, not both");
        }

        if (result.GetResult(noPayloads) is not null && name != StoreActions.Dump)
        {
            result.AddError($"--no-payloads goes with {StoreActions.Dump} alone");
        }
    }
}
