using System.Text.Json;
using Cassini.Streams.Fleet;
using Cassini.Web.Cli.Context;

namespace Cassini.Web.Cli.Watching;

/// <summary>One JSON object per line for each note of a fleet: for logs and machines. Heartbeats are left out.</summary>
internal sealed class FleetNoteLines(TextWriter output)
{
    private FleetLost? _lost;

    public void Show(FleetFeedNote note)
    {
        // A failure that repeats is written once.
        var isRepeated = note is FleetLost lost && _lost is { } before && before.All.SequenceEqual(lost.All);
        _lost = note as FleetLost ?? (note is FleetHeartbeat ? _lost : null);
        if (!isRepeated && note is not (FleetHeartbeat or FleetConnecting))
        {
            output.WriteLine(LineOf(note));
        }
    }

    private static string LineOf(FleetFeedNote note) => JsonLine.Of(json =>
    {
        switch (note)
        {
            case FleetFollowed e:
                json.WriteString("note", e.IsOtherSpeaker ? "otherNode" : e.IsResumed ? "resumed" : "snapshot");
                json.WriteString("target", e.Management.GetLeftPart(UriPartial.Authority));
                json.WritePropertyName("fleet");
                JsonSerializer.Serialize(json, e.Snapshot, FleetJson.Snapshot);
                break;
            case FleetChanged e:
                json.WriteString("note", FleetChange.MessageOf(e.Change.Change));
                json.WritePropertyName("change");
                JsonSerializer.Serialize(json, e.Change, FleetJson.Change);
                break;
            case FleetLost e:
                json.WriteString("note", "lost");
                json.WriteString("target", e.Lost.Management.GetLeftPart(UriPartial.Authority));
                json.WriteString("reason", char.ToLowerInvariant(e.Lost.Reason.ToString()[0]) + e.Lost.Reason.ToString()[1..]);
                json.WriteString("detail", e.Lost.Detail);
                break;
            case FleetReset e:
                json.WriteString("note", "reset");
                json.WriteString("reason", e.Reason);
                break;
            case FleetProblem e:
                json.WriteString("note", "problem");
                json.WriteString("detail", e.Problem);
                break;
        }
    });
}
