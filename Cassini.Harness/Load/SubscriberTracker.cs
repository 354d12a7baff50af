using Cassini.Harness.Messages;
using Cassini.Harness.Plans;

namespace Cassini.Harness.Load;

/// <summary>Judges each message of one subscriber when it arrives. One thread records; any thread may read the counts.</summary>
internal sealed class SubscriberTracker
{
    private readonly Lock _gate = new();
    private readonly LoadRun _run;
    private readonly PlanSubscriber _subscriber;
    private readonly SendTimes? _sendTimes;
    private readonly TimeProvider _time;
    private readonly Dictionary<(ushort Publisher, ushort Client), Stream> _streams = [];
    private readonly LatencyHistogram _latency = new();
    private SubscriberCounts _counts = new();
    private long _received, _unique, _duplicates, _corrupt, _foreign, _outOfOrder, _bytes;
    private long _began;
    private long _lastAt;

    public SubscriberTracker(LoadRun run, PlanSubscriber subscriber, SendTimes? sendTimes, TimeProvider time)
    {
        (_run, _subscriber, _sendTimes, _time) = (run, subscriber, sendTimes, time);
        Start();
    }

    public SubscriberCounts Counts
    {
        get
        {
            lock (_gate)
            {
                return _counts with
                {
                    Received = _received,
                    Unique = _unique,
                    Duplicates = _duplicates,
                    Corrupt = _corrupt,
                    Foreign = _foreign,
                    OutOfOrder = _outOfOrder,
                    Bytes = _bytes,
                    Last = _unique > 0 ? _time.GetElapsedTime(_began, _lastAt) : null,
                    Latency = _latency.Summary,
                    Streams = [.. _streams.Select(stream =>
                        new StreamCount(stream.Key.Publisher, stream.Key.Client, stream.Value.Seen.Count))],
                };
            }
        }
    }

    /// <summary>Sets the time that all other times are relative to.</summary>
    public void Start()
    {
        lock (_gate)
        {
            _began = _lastAt = _time.GetTimestamp();
        }
    }

    public void Record(ReadOnlySpan<byte> payload)
    {
        // Outside the lock, because the hash is expensive.
        var kind = Envelope.Open(payload, _run.Id, out var id);
        var now = _time.GetTimestamp();
        lock (_gate)
        {
            _received++;
            _bytes += payload.Length;
            if (kind == EnvelopeKind.Corrupt)
            {
                _corrupt++;
            }
            else if (kind == EnvelopeKind.Foreign || id.Test != _run.Test)
            {
                _foreign++;
            }
            else
            {
                RecordGoodLocked(id, now);
            }
        }
    }

    private void RecordGoodLocked(MessageId id, long now)
    {
        if (!_streams.TryGetValue((id.Publisher, id.Client), out var stream))
        {
            _streams[(id.Publisher, id.Client)] = stream = new Stream(_sendTimes?.Of(id.Publisher, id.Client));
        }

        if (!stream.Seen.Add(id.Sequence))
        {
            _duplicates++;
            return;
        }

        if (!stream.IsNext(id))
        {
            _outOfOrder++;
        }

        _unique++;
        var gap = _time.GetElapsedTime(_lastAt, now);
        _lastAt = now;
        if (gap > _counts.LongestGap)
        {
            _counts = _counts with { LongestGap = gap };
        }

        if (_unique == 1)
        {
            _counts = _counts with { First = _time.GetElapsedTime(_began, now) };
        }

        if (_unique == _subscriber.Expect.AtLeast)
        {
            _counts = _counts with { Satisfied = _time.GetElapsedTime(_began, now) };
        }

        if (stream.SendTimes?.TryGet(id.Sequence, out var sent) == true)
        {
            _latency.Add(_time.GetElapsedTime(sent, now));
        }
    }

    /// <summary>What one client of a publisher sent.</summary>
    private sealed class Stream(SendTimes.Ring? sendTimes)
    {
        private readonly Dictionary<ushort, long> _lastOfKey = [];

        public SequenceBitmap Seen { get; } = new();

        public SendTimes.Ring? SendTimes { get; } = sendTimes;

        public bool IsNext(MessageId id)
        {
            ref var last = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(
                _lastOfKey, id.Key, out var isKnown);
            if (isKnown && id.Sequence < last)
            {
                return false;
            }

            last = id.Sequence;
            return true;
        }
    }
}
