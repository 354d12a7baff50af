using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Feed;

/// <summary>The feed of one broker's health: <c>GET /events</c>.</summary>
/// <inheritdoc/>
internal sealed class HealthFeedReader(EventId? after) : FeedReader<FeedNote>(after)
{
    /// <summary>The known health of the broker.</summary>
    public HealthSnapshot Snapshot { get; private set; } = UnknownHealth.Never(FeedLoss.NotConnected, "not reached yet");

    protected override bool IsKnown => Snapshot.Epoch.Length > 0;

    protected override FeedNote NoteLoss(FeedLoss reason, string detail, TimeSpan retryIn)
    {
        var said = Snapshot.Checks.FirstOrDefault(check => check.Name == UnknownHealth.CheckName);
        if (said?.Reason != reason.ToString() || said.Message != detail)
        {
            Snapshot = IsKnown ? UnknownHealth.After(Snapshot, reason, detail) : UnknownHealth.Never(reason, detail);
        }

        return new FeedLost(Snapshot, reason, detail, retryIn);
    }

    protected override FeedNote NoteHeartbeat() => new FeedHeartbeat(Snapshot);

    protected override FeedNote NoteReset(string reason) => new FeedReset(Snapshot, reason);

    protected override (FeedNote Note, double HeartbeatSeconds)? ReadSnapshot(byte[] data)
    {
        if (SnapshotJson.Read(data) is not { } snapshot)
        {
            return null;
        }

        var isRestarted = IsKnown && Snapshot.Epoch != snapshot.Epoch;
        if (isRestarted)
        {
            LastId = null;
        }

        Snapshot = snapshot;
        return (new FeedSnapshot(snapshot, IsResumed, isRestarted), snapshot.HeartbeatSeconds!.Value);
    }

    protected override FeedNote? ReadOther(string type, byte[] data, string? id) => type switch
    {
        "transition" or "event" => ReadEvent(type, data),

        // Its id says where the next run begins.
        "run" => null,
        _ => new FeedProblem(Snapshot, $"a message of an unknown type, '{SafeText.Line(type)}'"),
    };

    private FeedNote? ReadEvent(string type, byte[] data)
    {
        switch (EventJson.TryRead(data, out var envelope, out var error))
        {
            case EventLine.Event when IsOfEarlierRun(envelope!):
                return new FeedEvent(Snapshot, envelope!);

            case EventLine.Event when envelope!.Epoch.ToString() != Snapshot.Epoch:
                return new FeedProblem(Snapshot, $"an event of another epoch, {envelope.Id}");

            case EventLine.Event when LastId is { } last && last.Epoch == envelope!.Epoch && envelope.Sequence <= last.Sequence:
                return null;

            case EventLine.Event:
                // The missed events come after a snapshot that already includes them.
                Snapshot = envelope!.Sequence > Snapshot.Through ? SnapshotFold.Apply(Snapshot, envelope) : Snapshot;
                return new FeedEvent(Snapshot, envelope);

            case EventLine.Malformed when type == "transition":
                throw new FeedLostException(FeedLoss.Garbled, "sends a transition that cannot be read");

            default:
                return new FeedProblem(Snapshot, SafeText.Line(error!));
        }
    }

    /// <summary>Missed before a restart: it comes after the snapshot of the new run, and changes nothing there.</summary>
    private bool IsOfEarlierRun(EventEnvelope envelope) =>
        IsResumed && Epoch.TryParse(Snapshot.Epoch, out var current) && envelope.Epoch.CompareTo(current) < 0;
}
