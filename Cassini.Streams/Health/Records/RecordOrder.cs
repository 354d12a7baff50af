using System.Globalization;
using Cassini.Streams.Events;

namespace Cassini.Streams.Health.Records;

/// <summary>Checks that each line of a record continues the one before it.</summary>
internal sealed class RecordOrder
{
    private readonly HashSet<Epoch> _named = [];
    private HealthRecordSegment? _segment;
    private bool _isMissingHeaderReported;
    private long _last;
    private TimeSpan _elapsed;

    /// <summary>Whether events are skipped, as a problem reported, because no header before them can be read.</summary>
    public bool IsSkipping => _segment is null && _isMissingHeaderReported;

    /// <summary>Begins a segment.</summary>
    public void Begin(HealthRecordSegment segment, List<HealthRecordLine> found)
    {
        _segment = segment;
        _last = segment.Through;
        _elapsed = segment.Elapsed;
        _named.Clear();
        found.Add(segment);
    }

    /// <summary>Handles a header that cannot be read: the state before the events after it is unknown.</summary>
    public HealthRecordProblem Lose(long line, string why)
    {
        _segment = null;
        _isMissingHeaderReported = true;
        return new HealthRecordProblem(
            line, RecordProblem.BadHeader, $"the header cannot be read: {why}; the events after it are skipped until the next one");
    }

    /// <summary>Handles an event: it continues the segment, or is a problem, or both.</summary>
    public void Take(long line, EventEnvelope envelope, List<HealthRecordLine> found)
    {
        if (!Follows(line, envelope.Id, found))
        {
            return;
        }

        if (envelope.Elapsed < _elapsed)
        {
            found.Add(Problem(
                line,
                RecordProblem.ClockBackwards,
                $"the clock runs backwards from {Seconds.Of(_elapsed)} s to {Seconds.Of(envelope.Elapsed)} s; treated as unchanged"));
        }

        _elapsed = envelope.Elapsed > _elapsed ? envelope.Elapsed : _elapsed;
        found.Add(new HealthRecordEvent(line, envelope));
    }

    /// <summary>Counts an event that this version cannot fold, so that it leaves no gap.</summary>
    public void TakeUnknown(long line, string? id, string error, List<HealthRecordLine> found)
    {
        if (EventId.TryParse(id, out var read) && Follows(line, read, found))
        {
            found.Add(Problem(line, RecordProblem.UnknownEvent, $"{error}; skipped"));
        }
    }

    private bool Follows(long line, EventId id, List<HealthRecordLine> found)
    {
        if (_segment is not { } segment)
        {
            if (!_isMissingHeaderReported)
            {
                _isMissingHeaderReported = true;
                found.Add(Problem(
                    line,
                    RecordProblem.NoHeader,
                    $"no header comes before these events, so the state before them is unknown; skipped until the next header"));
            }

            return false;
        }

        if (id.Epoch != segment.Epoch)
        {
            if (_named.Add(id.Epoch))
            {
                found.Add(Problem(
                    line, RecordProblem.OtherEpoch, $"events of another run of the process, {id.Epoch}, without a header; skipped"));
            }

            return false;
        }

        if (id.Sequence <= _last)
        {
            found.Add(Problem(line, RecordProblem.Repeated, $"event {id.Sequence} comes again, after {_last}; skipped"));
            return false;
        }

        if (id.Sequence > _last + 1)
        {
            var missing = id.Sequence == _last + 2 ? $"event {_last + 1} is" : $"events {_last + 1} to {id.Sequence - 1} are";
            found.Add(Problem(
                line, RecordProblem.Hole, $"{missing} missing; the replay continues without, so it may differ from what was published"));
        }

        _last = id.Sequence;
        return true;
    }

    private static HealthRecordProblem Problem(long line, RecordProblem kind, FormattableString message) =>
        new(line, kind, message.ToString(CultureInfo.InvariantCulture));
}
