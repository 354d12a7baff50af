using System.Collections.Immutable;
using Cassini.Streams.Events;

namespace Cassini.Streams.Health.Records;

/// <summary>The type of each event of an epoch: sixteen bytes for each event, so that a long record fits in memory.</summary>
internal sealed class EvidenceIndex
{
    private readonly List<(string? Type, long Time)> _events = [];
    private Epoch _epoch;
    private long _first;

    /// <summary>Begins a segment; earlier events of the same epoch stay known.</summary>
    public void Begin(HealthRecordSegment segment)
    {
        if (segment.Epoch != _epoch || segment.Through + 1 < _first)
        {
            _events.Clear();
            (_epoch, _first) = (segment.Epoch, segment.Through + 1);
        }
    }

    public void Add(EventEnvelope envelope)
    {
        var index = envelope.Sequence - _first;

        // A large gap in a damaged record must not cost memory, so the index starts anew behind it.
        if (index - _events.Count > 1_000_000)
        {
            _events.Clear();
            (_first, index) = (envelope.Sequence, 0);
        }

        while (_events.Count <= index)
        {
            _events.Add(default);
        }

        _events[(int)index] = (EventJson.NameOf(envelope.Event), envelope.Time.UtcTicks);
    }

    public ImmutableArray<ReplayEvidence> Resolve(ImmutableArray<EventId> ids) => [.. ids.Select(Resolve)];

    private ReplayEvidence Resolve(EventId id)
    {
        var index = id.Sequence - _first;
        return id.Epoch == _epoch && index >= 0 && index < _events.Count && _events[(int)index] is { Type: { } type, Time: var time }
            ? new ReplayEvidence(id, type, new DateTimeOffset(time, TimeSpan.Zero))
            : new ReplayEvidence(id, null, null);
    }
}
