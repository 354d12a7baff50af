using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using EventId = Cassini.Streams.Events.EventId;

namespace Cassini.Web.Management;

/// <summary>
/// One subscriber of /events: a cursor in the shared log. It owns no queue and no timer, serializes nothing that another
/// feed has serialized, and allocates nothing for an event.
/// </summary>
internal sealed class Feed : IDisposable
{
    private static readonly byte[] Empty = "{}"u8.ToArray();

    private readonly ManagementContext _broker;
    private readonly FeedRegistry _registry;
    private readonly CategoryFilter _filter;
    private readonly FeedStart _start;
    private readonly EventCursor _cursor;
    private HealthSnapshot? _opening;
    private long _lastSent;
    private bool _toldStale;
    private long _sent;

    public Feed(ManagementContext broker, FeedRegistry registry, CategoryFilter filter, FeedStart start)
    {
        _broker = broker;
        _registry = registry;
        _filter = filter;
        _start = start;
        _opening = broker.Health.Current;

        // The log itself is the queue: a subscriber may fall behind by all that is kept, and is then reset.
        _cursor = broker.Hub.Log.OpenCursor(start.After ?? _opening.Through, broker.Hub.Log.Capacity);
        _lastSent = broker.Time.GetTimestamp();
    }

    /// <summary>Messages sent so far.</summary>
    public long Sent => Volatile.Read(ref _sent);

    /// <summary>Whether nothing was sent for so long that a heartbeat is due at this look, and not only at the next. Any thread.</summary>
    public bool IsQuiet =>
        _broker.Time.GetElapsedTime(Volatile.Read(ref _lastSent)) > _broker.Options.FeedHeartbeat - _registry.LookInterval;

    /// <summary>Makes the feed look around: it is stopped, cut off, or has something to say. Any thread.</summary>
    public void Nudge() => _cursor.Nudge();

    public void Dispose() => _cursor.Dispose();

    /// <summary>The first messages: the snapshot, and before it the reset if it cannot resume as it was asked to.</summary>
    public async IAsyncEnumerable<SseItem<byte[]>> OpenAsync()
    {
        if (_start.Reset is { } refused)
        {
            yield return Reset(refused);
        }

        yield return Snapshot(_opening!, hasId: _start.After is null);
        _opening = null;
        await Task.CompletedTask;
    }

    /// <summary>The messages after that, until the subscriber goes away or the process stops.</summary>
    public async IAsyncEnumerable<SseItem<byte[]>> FollowAsync([EnumeratorCancellation] CancellationToken aborted)
    {
        using var wakeUp = aborted.UnsafeRegister(static state => ((Feed)state!).Nudge(), this);
        while (true)
        {
            while (!aborted.IsCancellationRequested && _cursor.Position < _registry.StopAfter && _cursor.TryRead(out var delivery))
            {
                if (delivery.Envelope is not { } envelope)
                {
                    yield return Reset(new ResetAnswer(ResetAnswer.TooSlow, IdOf(delivery.Gap.From), IdOf(delivery.Gap.To)));
                    var snapshot = _broker.Health.Current;
                    _cursor.MoveTo(snapshot.Through);
                    yield return Snapshot(snapshot, hasId: true);
                }
                else if (_filter.Includes(envelope.Event.Category))
                {
                    var encoded = _registry.Encoder.Of(envelope);
                    yield return Message(encoded.Type, encoded.Data, encoded.Id);
                }
            }

            if (aborted.IsCancellationRequested)
            {
                yield break;
            }

            if (_cursor.IsCompleted || _cursor.Position >= _registry.StopAfter)
            {
                yield return Message(FeedMessage.Bye, Empty, IdOf(_cursor.Position));
                yield break;
            }

            if (_registry.IsStale != _toldStale)
            {
                yield return Snapshot(_broker.Health.Current, hasId: false);
            }
            else if (IsQuiet)
            {
                // A dead projection is not covered up by a beating heart.
                yield return _toldStale
                    ? Snapshot(_broker.Health.Current, hasId: false)
                    : Message(FeedMessage.Heartbeat, Empty, IdOf(_cursor.Position));
            }

            await _cursor.WaitAsync();
        }
    }

    private SseItem<byte[]> Snapshot(HealthSnapshot snapshot, bool hasId)
    {
        _toldStale = FeedRegistry.IsStaleIn(snapshot);
        return Message(
            FeedMessage.Snapshot, _registry.Bodies.Of(snapshot).Json, hasId && !_toldStale ? IdOf(snapshot.Through) : null);
    }

    private SseItem<byte[]> Reset(ResetAnswer answer)
    {
        _registry.CountReset(answer.Reason);
        return Message(FeedMessage.Reset, JsonSerializer.SerializeToUtf8Bytes(answer, ManagementJson.Reset), null);
    }

    private SseItem<byte[]> Message(string type, byte[] data, string? id)
    {
        Volatile.Write(ref _lastSent, _broker.Time.GetTimestamp());
        Volatile.Write(ref _sent, _sent + 1);
        return new SseItem<byte[]>(data, type) { EventId = id };
    }

    private string IdOf(long sequence) => new EventId(_broker.Hub.Epoch, sequence).ToString();
}
