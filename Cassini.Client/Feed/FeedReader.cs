using System.Text.Json;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Feed;

/// <summary>
/// Turns a feed's messages into notes, and keeps what must outlive a connection: the last id, the epoch and the last health. No I/O and
/// no clock.
/// </summary>
internal sealed class FeedReader(EventId? after)
{
    private bool _isFirst = true;
    private bool _wasReset;
    private bool _isResumed;

    /// <summary>The known health of the broker.</summary>
    public HealthSnapshot Snapshot { get; private set; } = UnknownHealth.Never(FeedLoss.NotConnected, "not reached yet");

    /// <summary>The last known event; null when the next connection must not resume.</summary>
    public EventId? LastId { get; private set; } = after;

    /// <summary>The longest silence of a healthy feed; null before the broker has sent it.</summary>
    public TimeSpan? Silence { get; private set; }

    /// <summary>Begins a connection: its first message is the broker's health, or a reset.</summary>
    public void Open() => (_isFirst, _wasReset) = (true, false);

    /// <summary>Makes the health unknown.</summary>
    public FeedLost Lose(FeedLoss reason, string detail, TimeSpan retryIn)
    {
        var said = Snapshot.Checks.FirstOrDefault(check => check.Name == UnknownHealth.CheckName);
        if (said?.Reason != reason.ToString() || said.Message != detail)
        {
            Snapshot = Snapshot.Epoch.Length == 0 ? UnknownHealth.Never(reason, detail) : UnknownHealth.After(Snapshot, reason, detail);
        }

        if (reason == FeedLoss.Garbled)
        {
            // A message that cannot be read must not be requested again.
            LastId = null;
        }

        return new FeedLost(Snapshot, reason, detail, retryIn);
    }

    /// <returns>Null for a message without news.</returns>
    /// <exception cref="FeedLostException">The message is <c>bye</c>, or health can no longer be followed.</exception>
    public FeedNote? Read(string type, byte[] data, string? id)
    {
        if (_isFirst && type is not ("snapshot" or "reset"))
        {
            throw new FeedLostException(
                FeedLoss.NotCassini, $"answers, but not as Cassini does (a feed that begins with '{SafeText.Line(type)}')");
        }

        FeedNote? note = type switch
        {
            "snapshot" => ReadSnapshot(data, id),
            "transition" or "event" => ReadEvent(type, data),
            "heartbeat" => new FeedHeartbeat(Snapshot),

            // Its id says where the next run begins.
            "run" => null,
            "reset" => ReadReset(data),
            "bye" => throw new FeedLostException(FeedLoss.Stopped, "has stopped"),
            _ => new FeedProblem(Snapshot, $"a message of an unknown type, '{SafeText.Line(type)}'"),
        };
        _isFirst = false;
        if (EventId.TryParse(id, out var read) && !(LastId is { } last && last.Epoch == read.Epoch && last.Sequence > read.Sequence))
        {
            LastId = read;
        }

        return note;
    }

    private FeedSnapshot ReadSnapshot(byte[] data, string? id)
    {
        var snapshot = SnapshotJson.Read(data) ?? throw (Snapshot.Epoch.Length == 0
            ? new FeedLostException(FeedLoss.NotCassini, "answers, but not as Cassini does (a feed without health)")
            : new FeedLostException(FeedLoss.Garbled, "sends a snapshot that cannot be read"));

        // Only the first snapshot of a resumed connection has no id; a later snapshot without one means a stale projection.
        var isResumed = _isFirst ? id is null && LastId is not null && !_wasReset : id is null && !_wasReset;
        var isRestarted = Snapshot.Epoch.Length > 0 && Snapshot.Epoch != snapshot.Epoch;
        if (isRestarted)
        {
            LastId = null;
        }

        _wasReset = false;
        _isResumed = isResumed;
        Snapshot = snapshot;
        Silence = SilenceOf(snapshot.HeartbeatSeconds!.Value);
        return new FeedSnapshot(snapshot, isResumed, isRestarted);
    }

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
        _isResumed && Epoch.TryParse(Snapshot.Epoch, out var current) && envelope.Epoch.CompareTo(current) < 0;

    private FeedReset ReadReset(byte[] data)
    {
        _wasReset = true;
        LastId = null;
        try
        {
            using var json = JsonDocument.Parse(data);
            return new FeedReset(Snapshot, SafeText.Line(json.RootElement.GetProperty("reason").GetString() ?? ""));
        }
        catch (Exception failure) when (failure is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return new FeedReset(Snapshot, "");
        }
    }

    private static TimeSpan SilenceOf(double heartbeatSeconds) => TimeSpan.FromSeconds(Math.Clamp(heartbeatSeconds, 0.1, 3600) * 2.5);
}
