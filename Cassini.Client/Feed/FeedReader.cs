using System.Text.Json;
using Cassini.Streams.Events;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Feed;

/// <summary>
/// Turns a feed's messages into notes, and keeps what must outlive a connection, such as the last id. No I/O and no clock. For one caller
/// at a time.
/// </summary>
/// <typeparam name="TNote">The notes.</typeparam>
/// <param name="after">The last known id; null for none.</param>
internal abstract class FeedReader<TNote>(EventId? after)
    where TNote : class
{
    private bool _isFirst = true;
    private bool _wasReset;

    /// <summary>The last known id; null when the next connection must not resume.</summary>
    public EventId? LastId { get; protected set; } = after;

    /// <summary>The longest silence of a healthy feed; null before the broker has sent it.</summary>
    public TimeSpan? Silence { get; private set; }

    /// <summary>Whether a snapshot was read before.</summary>
    protected abstract bool IsKnown { get; }

    /// <summary>Whether the messages that were missed follow the last snapshot.</summary>
    protected bool IsResumed { get; private set; }

    /// <summary>Begins a connection: its first message is a snapshot or a reset.</summary>
    public virtual void Open() => (_isFirst, _wasReset) = (true, false);

    /// <summary>Makes what is known unknown.</summary>
    /// <param name="reason">Why the feed was lost.</param>
    /// <param name="detail">The same for people.</param>
    /// <param name="retryIn">The pause before the next connection.</param>
    public TNote Lose(FeedLoss reason, string detail, TimeSpan retryIn)
    {
        if (reason == FeedLoss.Garbled)
        {
            // A message that cannot be read must not be requested again.
            LastId = null;
        }

        return NoteLoss(reason, detail, retryIn);
    }

    /// <returns>Null for a message without news.</returns>
    /// <exception cref="FeedLostException">The message is <c>bye</c>, or the feed can no longer be followed.</exception>
    public TNote? Read(string type, byte[] data, string? id)
    {
        if (_isFirst && type is not ("snapshot" or "reset"))
        {
            throw new FeedLostException(
                FeedLoss.NotCassini, $"answers, but not as Cassini does (a feed that begins with '{SafeText.Line(type)}')");
        }

        var note = type switch
        {
            "snapshot" => ReadWhole(data, id),
            "heartbeat" => NoteHeartbeat(),
            "reset" => ReadReset(data),
            "bye" => throw new FeedLostException(FeedLoss.Stopped, "has stopped"),
            _ => ReadOther(type, data, id),
        };
        _isFirst = false;
        if (EventId.TryParse(id, out var read) && !(LastId is { } last && last.Epoch == read.Epoch && last.Sequence > read.Sequence))
        {
            LastId = read;
        }

        return note;
    }

    /// <summary>Reads the message <c>snapshot</c>, and knows what it says. <see cref="IsResumed"/> is set already.</summary>
    /// <returns>The note, and the broker's heartbeat in seconds; null when it cannot be read.</returns>
    protected abstract (TNote Note, double HeartbeatSeconds)? ReadSnapshot(byte[] data);

    /// <summary>Reads a message of a type that only this feed has.</summary>
    /// <inheritdoc cref="Read"/>
    protected abstract TNote? ReadOther(string type, byte[] data, string? id);

    protected abstract TNote NoteHeartbeat();

    protected abstract TNote NoteReset(string reason);

    protected abstract TNote NoteLoss(FeedLoss reason, string detail, TimeSpan retryIn);

    private TNote ReadWhole(byte[] data, string? id)
    {
        // Only the first snapshot of a resumed connection has no id; a later snapshot without one means a stale projection.
        IsResumed = _isFirst ? id is null && LastId is not null && !_wasReset : id is null && !_wasReset;
        var (note, heartbeat) = ReadSnapshot(data) ?? throw (IsKnown
            ? new FeedLostException(FeedLoss.Garbled, "sends a snapshot that cannot be read")
            : new FeedLostException(FeedLoss.NotCassini, "answers, but not as Cassini does (a feed without health)"));
        _wasReset = false;
        Silence = SilenceOf(heartbeat);
        return note;
    }

    private TNote ReadReset(byte[] data)
    {
        _wasReset = true;
        LastId = null;
        try
        {
            using var json = JsonDocument.Parse(data);
            return NoteReset(SafeText.Line(json.RootElement.GetProperty("reason").GetString() ?? ""));
        }
        catch (Exception failure) when (failure is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return NoteReset("");
        }
    }

    private static TimeSpan SilenceOf(double heartbeatSeconds) => TimeSpan.FromSeconds(Math.Clamp(heartbeatSeconds, 0.1, 3600) * 2.5);
}
