using System.Collections.Immutable;
using System.Text.Json;
using Cassini.Streams.Events;
using Cassini.Streams.Feed;
using Cassini.Streams.Health;
using Cassini.Web.Cli.Context;

namespace Cassini.Web.Cli.Watching;

/// <summary>One JSON object per line for each note: for logs and machines. Heartbeats and events of other types are left out.</summary>
internal sealed class NoteLines(TextWriter output, ImmutableArray<EventCategory> types) : IWatchView
{
    private FeedLost? _lost;

    public void Show(FeedNote note)
    {
        // A failure that repeats is written once.
        var isRepeated = note is FeedLost lost && _lost is { } before && before.Reason == lost.Reason && before.Detail == lost.Detail;
        _lost = note as FeedLost ?? (note is FeedHeartbeat ? _lost : null);
        var isLeftOut = note is FeedEvent { Envelope.Event.Category: var type } && !types.Contains(type);
        if (!isRepeated && !isLeftOut && note is not (FeedHeartbeat or FeedConnecting))
        {
            output.WriteLine(LineOf(note));
        }
    }

    private static string LineOf(FeedNote note) => JsonLine.Of(json =>
    {
        switch (note)
        {
            case FeedSnapshot e:
                json.WriteString("note", e.IsRestarted ? "restarted" : e.IsResumed ? "resumed" : "snapshot");
                json.WriteBoolean("ready", e.Snapshot.Ready);
                json.WriteBoolean("live", e.Snapshot.Live);
                json.WritePropertyName("health");
                JsonSerializer.Serialize(json, e.Snapshot, HealthJson.Snapshot);
                break;
            case FeedEvent e:
                json.WriteString("note", e.Envelope.Event is HealthChanged ? "transition" : "event");
                json.WritePropertyName("event");
                json.WriteRawValue(EventJson.Serialize(e.Envelope), skipInputValidation: true);
                break;
            case FeedLost e:
                json.WriteString("note", "lost");
                json.WriteString("reason", char.ToLowerInvariant(e.Reason.ToString()[0]) + e.Reason.ToString()[1..]);
                json.WriteString("detail", e.Detail);
                break;
            case FeedReset e:
                json.WriteString("note", "reset");
                json.WriteString("reason", e.Reason);
                break;
            case FeedProblem e:
                json.WriteString("note", "problem");
                json.WriteString("detail", e.Problem);
                break;
        }
    });
}
