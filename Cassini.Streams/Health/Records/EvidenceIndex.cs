using System.Collections.Immutable;
using Cassini.Streams.Events;

namespace Cassini.Streams.Health.Records;

/// <summary>What type each event of an epoch was: sixteen bytes for each, so that a long record can be resolved too.</summary>
internal sealed class EvidenceIndex
{
    private readonly List<(string? Type, long Time)> _events = [];
    private Epoch _epoch;
    private long _first;

    /// <summary>A segment begins; events of the same epoch before it are still known.</summary>
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

        // A hole of a damaged record is not worth its memory: beyond it nothing is resolved by its old place.
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
