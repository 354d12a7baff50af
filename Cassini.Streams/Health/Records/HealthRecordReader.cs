using System.Runtime.CompilerServices;
using System.Text.Json;
using Cassini.Streams.Events;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Health.Records;

/// <summary>
/// Reads a record: JSON Lines, with a header that has the state of one instant, and then the events after it. A new header follows
/// wherever the broker was restarted or events were missed. Every problem is reported with its line, and reading continues after it.
/// </summary>
public static class HealthRecordReader
{
    /// <summary>The lines of the record, and between them the problems found. Empty lines are skipped.</summary>
    /// <param name="stream">UTF-8. Read to its end and not closed.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    /// <exception cref="InvalidDataException">A line is longer than 64 MiB.</exception>
    public static async IAsyncEnumerable<HealthRecordLine> ReadAsync(
        Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var lines = new RecordLines(stream);
        var order = new RecordOrder();
        var found = new List<HealthRecordLine>(2);
        long number = 0;
        do
        {
            while (lines.TryTake(out var line))
            {
                number++;
                found.Clear();
                Read(line, number, lines.IsWhole, order, found);
                foreach (var item in found)
                {
                    yield return item;
                }
            }
        }
        while (await lines.FillAsync(cancellationToken).ConfigureAwait(false));
    }

    private static void Read(ReadOnlyMemory<byte> line, long number, bool isWhole, RecordOrder order, List<HealthRecordLine> found)
    {
        line = line.TrimBom(number);
        if (line.Span.ContainsAnyExcept(" \t\r"u8))
        {
            var kind = EventJson.TryRead(line.Span, out var envelope, out var error);
            if (kind == EventLine.Event)
            {
                order.Take(number, envelope!, found);
            }
            else
            {
                ReadOther(line, number, isWhole, kind, error!, order, found);
            }
        }
    }

    /// <summary>Reads a line that is a header, an event that this version does not know, or neither.</summary>
    private static void ReadOther(
        ReadOnlyMemory<byte> line, long number, bool isWhole, EventLine kind, string error, RecordOrder order, List<HealthRecordLine> found)
    {
        JsonDocument json;
        try
        {
            json = JsonDocument.Parse(line);
        }
        catch (JsonException failure)
        {
            var problem = JsonProblem.Of(failure, line.Span);
            found.Add(
                !isWhole ? new HealthRecordProblem(number, RecordProblem.Truncated, "the last line is cut off; skipped")
                : (line.Span.TrimStart(" \t"u8).StartsWith("{\"format\":"u8)
                    ? order.Lose(number, problem.Reason)
                    : new HealthRecordProblem(number, RecordProblem.Garbage, $"{error}; skipped")) with
                { Column = problem.Column });
            return;
        }

        using (json)
        {
            if (kind == EventLine.UnknownType)
            {
                order.TakeUnknown(number, json.RootElement.GetProperty("id").GetString(), error, found);
            }
            else if (RecordHeader.IsHeader(json.RootElement))
            {
                ReadHeader(json.RootElement, number, order, found);
            }
            else if (!order.IsSkipping)
            {
                found.Add(new HealthRecordProblem(number, RecordProblem.Garbage, $"{error}; skipped"));
            }
        }
    }

    private static void ReadHeader(JsonElement line, long number, RecordOrder order, List<HealthRecordLine> found)
    {
        try
        {
            order.Begin(RecordHeader.Read(line, number), found);
        }
        catch (JsonException failure)
        {
            found.Add(order.Lose(number, JsonProblem.ReasonOf(failure)));
        }
    }

    private static ReadOnlyMemory<byte> TrimBom(this ReadOnlyMemory<byte> line, long number) =>
        number == 1 && line.Span.StartsWith("\uFEFF"u8) ? line[3..] : line;
}
