using System.Globalization;
using System.Text.Json;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Records;
using Cassini.Web.Cli.Context;

namespace Cassini.Web.Cli.Replaying;

/// <summary>A replay for machines: one JSON object per line, each with a <c>type</c>.</summary>
internal sealed class JsonLinesReport(TextWriter output) : IReplayReport
{
    public void Begin(HealthRecordSegment segment, HealthSnapshot then) => Line("segment", json =>
    {
        json.WriteNumber("line", segment.Line);
        json.WriteString("epoch", segment.Epoch.ToString());
        json.WriteString("cassini", segment.Program);
        json.WriteNumber("through", segment.Through);
        json.WriteNumber("elapsed", Elapsed(segment.Elapsed));
        Health(json, then);
    });

    public void Row(ReplayRow row) => Line("transition", json =>
    {
        json.WriteString("check", row.Either.Change.Check);
        json.WriteBoolean("same", row.IsSame);
        Transition(json, "then", row.Then);
        Transition(json, "policy", row.Other);
    });

    public void End(ReplaySummary summary) => Line("summary", json =>
    {
        json.WriteNumber("segments", summary.Segments);
        json.WriteNumber("events", summary.Events);
        json.WriteNumber("seconds", Elapsed(summary.Span));
        json.WriteNumber("problems", summary.Problems);
        json.WriteNumber("differences", summary.Differences);
        json.WriteBoolean("endedEarly", summary.EndedEarly);
        Side(json, "then", summary.Then);
        Side(json, "policy", summary.Other);
    });

    private static void Transition(Utf8JsonWriter json, string name, ReplayTransition? transition)
    {
        if (transition is null)
        {
            json.WriteNull(name);
            return;
        }

        var change = transition.Change;
        json.WriteStartObject(name);
        json.WriteString("time", Time(transition.Time));
        json.WriteNumber("elapsed", Elapsed(change.At));
        json.WriteString("from", Name(change.From));
        json.WriteString("to", Name(change.To));
        json.WriteString("reason", change.Reason);
        json.WriteString("message", change.Message);
        json.WriteString("status", Name(change.Status));
        json.WriteBoolean("ready", change.Ready);
        json.WriteBoolean("live", change.Live);
        json.WriteNumber("revision", change.Revision);
        json.WriteStartArray("evidence");
        foreach (var evidence in transition.Evidence)
        {
            json.WriteStartObject();
            json.WriteString("id", evidence.Id.ToString());
            json.WriteString("type", evidence.Type);
            json.WriteString("time", evidence.Time is { } time ? Time(time) : null);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Side(Utf8JsonWriter json, string name, ReplaySide? side)
    {
        if (side is null)
        {
            json.WriteNull(name);
            return;
        }

        json.WriteStartObject(name);
        Health(json, side.Last);
        json.WriteNumber("transitions", side.Transitions);
        json.WriteStartObject("secondsByStatus");
        foreach (var (status, time) in side.Times.All)
        {
            json.WriteNumber(Name(status), Elapsed(time));
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Health(Utf8JsonWriter json, HealthSnapshot snapshot)
    {
        json.WriteString("time", Time(snapshot.AsOf));
        json.WriteString("status", Name(snapshot.Status));
        json.WriteBoolean("ready", snapshot.Ready);
        json.WriteBoolean("live", snapshot.Live);
    }

    private static string Name(HealthStatus status) => JsonNamingPolicy.CamelCase.ConvertName(status.ToString());

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    private static decimal Elapsed(TimeSpan time) => (decimal)time.Ticks / TimeSpan.TicksPerSecond;

    private void Line(string type, Action<Utf8JsonWriter> body) => output.WriteLine(JsonLine.Of(json =>
    {
        json.WriteString("type", type);
        body(json);
    }));
}
