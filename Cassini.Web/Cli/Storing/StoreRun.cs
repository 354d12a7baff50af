using System.Text.Json;
using Cassini.Harness;
using Cassini.Streams.Primitives;
using Cassini.Streams.Store.Ledgers;
using Cassini.Streams.Store.Maintenance;
using Cassini.Web.Cli.Context;

namespace Cassini.Web.Cli.Storing;

/// <summary>One run of <c>cassini store</c>.</summary>
internal sealed class StoreRun(StoreRequest request, CliContext context)
{
    /// <returns>The exit code.</returns>
    /// <exception cref="IOException">The journal, or the new directory, cannot be used.</exception>
    public async Task<int> RunAsync()
    {
        switch (request.Action)
        {
            case StoreActions.Dump:
                using (var journal = StoredJournal.Open(request.Directory))
                {
                    var dump = new StoreDump(context.Out, request.NoPayloads);
                    return dump.Write(journal, context.Signals.Stop) ? ExitCode.Ok : ExitCode.Error;
                }

            case StoreActions.Repair:
                return await RepairAsync();
            case StoreActions.Compact:
                await JournalCompaction.RunAsync(request.Directory, context.Time, context.Signals.Stop);
                return Show(request.Directory);
            case StoreActions.Backup:
                using (var journal = StoredJournal.Open(request.Directory))
                {
                    JournalBackup.Run(journal, request.Target, context.Signals.Stop);
                }

                return Show(request.Target);
            default:
                return Show(request.Directory);
        }
    }

    private int Show(string directory)
    {
        using var journal = StoredJournal.Open(directory);
        return Show(new JournalInspector(journal, context.Time).Run(context.Signals.Stop));
    }

    private int Show(JournalReport report, RepairResult? repair = null)
    {
        if (request.Json)
        {
            context.Out.WriteLine(JsonLine.Of(writer =>
            {
                ReportJson.Write(writer, report);
                if (repair is not null)
                {
                    Write(writer, repair);
                }
            }));
        }
        else
        {
            foreach (var line in ReportText.Of(report, context.Time.GetUtcNow()).Concat(repair is null ? [] : Lines(repair)))
            {
                context.Out.WriteLine(line);
            }
        }

        return report.IsSound || repair is not null ? ExitCode.Ok : ExitCode.Error;
    }

    private async Task<int> RepairAsync()
    {
        using var journal = StoredJournal.Open(request.Directory);
        if (journal.UsedBy is { } process)
        {
            throw new LedgerInUseException($"{request.Directory} is in use by {process}. Stop it first.");
        }

        var report = new JournalInspector(journal, context.Time).Run(context.Signals.Stop);
        if (report.IsSound)
        {
            context.Complain($"nothing is wrong with {request.Directory}: nothing was written");
            return Show(report);
        }

        if (report.IsNewer)
        {
            Show(report);
            throw new LedgerDamagedException($"{request.Directory} is of a newer version, and nothing is to be repaired.");
        }

        if (report.Groups == report.Unusable.Count)
        {
            Show(report);
            throw new LedgerDamagedException($"No group of {request.Directory} can be read: go back to a backup.");
        }

        var repair = await new JournalRepair(journal, report, context.Time)
            .RunAsync(request.Target, request.Mode, context.Signals.Stop);
        return Show(report, repair);
    }

    private IEnumerable<string> Lines(RepairResult repair)
    {
        yield return $"{SafeText.Of(request.Target)}: {Quantity.Of(repair.Kept, "group")} kept"
            + (repair.Dropped > 0 ? $", {Quantity.Of(repair.Dropped, "readable group")} behind the damage dropped" : "");
        if (repair.EndedSessions is [_, ..] ended)
        {
            yield return "  ended, because their clients have later sessions: "
                + string.Join(", ", ended.Take(GroupTrace.Most).Select(name => SafeText.Quote(name, 60)))
                + (ended.Length > GroupTrace.Most ? $" and {ended.Length - GroupTrace.Most} more" : "");
        }

        if (repair.EndedCopies > 0)
        {
            yield return $"  {Quantity.Of(repair.EndedCopies, "message")} ended, because later ones have their packet identifiers";
        }
    }

    private void Write(Utf8JsonWriter writer, RepairResult repair)
    {
        writer.WriteStartObject("repaired");
        writer.WriteString("directory", request.Target);
        writer.WriteNumber("kept", repair.Kept);
        writer.WriteNumber("dropped", repair.Dropped);
        writer.WriteNumber("endedSessions", repair.EndedSessions.Length);
        writer.WriteNumber("endedMessages", repair.EndedCopies);
        writer.WriteEndObject();
    }
}
