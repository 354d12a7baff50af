using Cassini.Streams.Events;

namespace Cassini.Streams.Listening.Connections;

/// <summary>
/// Counts crashes by identity, so that one client cannot keep health red: an identity whose connections crash repeatedly is refused for
/// a time that doubles with each quarantine. Bounded: the identity that crashed longest ago is forgotten first. Thread-safe.
/// </summary>
internal sealed class Quarantine(ListenerOptions options, TimeProvider time)
{
    internal const int MaxIdentities = 4096;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Record> _records = new(StringComparer.Ordinal);
    private readonly LinkedList<Record> _byLastCrash = new();

    /// <summary>How much longer the identity is refused; null when it is not.</summary>
    public TimeSpan? RemainingFor(string identity)
    {
        lock (_lock)
        {
            if (!_records.TryGetValue(identity, out var record) || record.Level == 0)
            {
                return null;
            }

            var remaining = record.Duration - time.GetElapsedTime(record.Since);
            return remaining > TimeSpan.Zero ? remaining : null;
        }
    }

    /// <summary>Counts a crash.</summary>
    /// <returns>The event of the quarantine that it led to; null when it led to none.</returns>
    public IdentityQuarantined? RecordCrash(string identity)
    {
        if (options.QuarantineAfter <= 0)
        {
            return null;
        }

        var now = time.GetTimestamp();
        lock (_lock)
        {
            var record = TouchLocked(identity, now);
            while (record.Crashes.TryPeek(out var oldest) && time.GetElapsedTime(oldest, now) >= options.QuarantineWindow)
            {
                record.Crashes.Dequeue();
            }

            record.Crashes.Enqueue(now);
            if (record.Crashes.Count < options.QuarantineAfter)
            {
                return null;
            }

            var crashes = record.Crashes.Count;
            record.Crashes.Clear();
            record.Duration = record.Level == 0 ? options.QuarantineDuration : Doubled(record.Duration);
            record.Level++;
            record.Since = now;
            return new IdentityQuarantined(identity, crashes, record.Duration);
        }
    }

    private TimeSpan Doubled(TimeSpan duration) =>
        duration > options.MaxQuarantineDuration / 2 ? options.MaxQuarantineDuration : duration * 2;

    private Record TouchLocked(string identity, long now)
    {
        if (_records.TryGetValue(identity, out var record))
        {
            _byLastCrash.Remove(record.Node);
            if (time.GetElapsedTime(record.LastCrash, now) >= options.MaxQuarantineDuration + record.Duration)
            {
                record.Level = 0; // it has not crashed for so long that its next quarantine is a first one
            }
        }
        else
        {
            if (_records.Count >= MaxIdentities)
            {
                _records.Remove(_byLastCrash.First!.Value.Identity);
                _byLastCrash.RemoveFirst();
            }

            _records.Add(identity, record = new Record(identity));
        }

        record.LastCrash = now;
        _byLastCrash.AddLast(record.Node);
        return record;
    }

    private sealed class Record
    {
        public Record(string identity)
        {
            Identity = identity;
            Node = new LinkedListNode<Record>(this);
        }

        public string Identity { get; }

        public LinkedListNode<Record> Node { get; }

        public Queue<long> Crashes { get; } = new();

        public long LastCrash { get; set; }

        public int Level { get; set; }

        public TimeSpan Duration { get; set; }

        public long Since { get; set; }
    }
}
