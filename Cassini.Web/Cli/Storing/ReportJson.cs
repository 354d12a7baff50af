using System.Text.Json;
using Cassini.Streams.Store.Ledgers;
using Cassini.Streams.Store.Maintenance;

namespace Cassini.Web.Cli.Storing;

/// <summary>What is in a journal, as the properties of a JSON object.</summary>
internal static class ReportJson
{
    public static void Write(Utf8JsonWriter writer, JournalReport report)
    {
        writer.WriteString("directory", report.Directory);
        writer.WriteString("status", report.IsSound ? "ok" : report.IsNewer ? "newer" : "damaged");
        WriteText(writer, "usedBy", report.UsedBy);
        writer.WriteNumber("format", report.Format);
        writer.WriteNumber("groups", report.Groups);
        writer.WriteNumber("first", report.First);
        writer.WriteNumber("last", report.Last);
        writer.WriteNumber("bytes", report.Bytes);
        writer.WriteNumber("fileBytes", report.FileBytes);
        writer.WriteNumber("logBytes", report.LogBytes);
        WriteTime(writer, "begin", report.Begin);
        WriteTime(writer, "end", report.End);
        writer.WriteNumber("sessions", report.Sessions);
        writer.WriteNumber("subscriptions", report.Subscriptions);
        writer.WriteNumber("messages", report.Messages);
        writer.WriteNumber("retained", report.Retained);
        writer.WriteNumber("wills", report.Wills);
        if (report.Run is { } run)
        {
            writer.WriteStartObject("run");
            writer.WriteNumber("number", run.Number);
            WriteTime(writer, "startedAt", run.StartedAt);
            WriteTime(writer, "endedAt", run.EndedAt);
            writer.WriteEndObject();
        }

        writer.WriteStartArray("problems");
        foreach (var problem in report.Problems)
        {
            Write(writer, problem);
        }

        writer.WriteEndArray();
        WriteList(writer, "incomplete", report.Touched);
        writer.WriteNumber("kept", report.Groups - report.Unusable.Count);
        writer.WriteNumber("keptByCut", report.Hole is null ? report.Groups - report.Unusable.Count : report.GroupsBeforeHole);
    }

    private static void Write(Utf8JsonWriter writer, JournalProblem problem)
    {
        writer.WriteStartObject();
        writer.WriteString("problem", problem.Text);
        WriteNumber(writer, "first", problem.First);
        WriteNumber(writer, "last", problem.Last == long.MaxValue ? null : problem.Last);
        WriteTime(writer, "writtenAt", problem.WrittenAt);
        WriteTime(writer, "after", problem.After);
        WriteTime(writer, "before", problem.Before);
        WriteList(writer, "clients", problem.Trace.Sessions);
        WriteList(writer, "topics", problem.Trace.Topics);
        writer.WriteEndObject();
    }

    private static void WriteList(Utf8JsonWriter writer, string name, IReadOnlyCollection<string> texts)
    {
        if (texts.Count == 0)
        {
            return;
        }

        writer.WriteStartArray(name);
        foreach (var text in texts)
        {
            writer.WriteStringValue(text);
        }

        writer.WriteEndArray();
    }

    private static void WriteText(Utf8JsonWriter writer, string name, string? text)
    {
        if (text is not null)
        {
            writer.WriteString(name, text);
        }
    }

    private static void WriteNumber(Utf8JsonWriter writer, string name, long? number)
    {
        if (number is { } value)
        {
            writer.WriteNumber(name, value);
        }
    }

    private static void WriteTime(Utf8JsonWriter writer, string name, DateTimeOffset? time)
    {
        if (time is { } value)
        {
            writer.WriteString(name, LedgerContent.Text(value));
        }
    }
}
