using Cassini.Streams.Events;
using Cassini.Streams.Health.Folding;

namespace Cassini.Streams.Health.Records;

/// <summary>A line of a record, as it was read.</summary>
/// <param name="Line">Its number; the first is 1.</param>
public abstract record HealthRecordLine(long Line);

/// <summary>A header: begins a segment, with the whole state of one instant.</summary>
public sealed record HealthRecordSegment : HealthRecordLine
{
    internal HealthRecordSegment(
        long line, Epoch epoch, DateTimeOffset startedAt, string program,
        long through, TimeSpan elapsed, HealthPolicy policy, HealthState state)
        : base(line)
    {
        Epoch = epoch;
        StartedAt = startedAt;
        Program = program;
        Through = through;
        Elapsed = elapsed;
        Policy = policy;
        State = state;
    }

    /// <summary>The run of the process that is recorded.</summary>
    public Epoch Epoch { get; }

    /// <summary>When that process started, UTC.</summary>
    public DateTimeOffset StartedAt { get; }

    /// <summary>The version of the recorded Cassini.</summary>
    public string Program { get; }

    /// <summary>The sequence of the last event that the state includes: the segment's events come after it.</summary>
    public long Through { get; }

    /// <summary>The instant of the state, as a time since the epoch began.</summary>
    public TimeSpan Elapsed { get; }

    /// <summary>The policy that was in force.</summary>
    public HealthPolicy Policy { get; }

    /// <summary>The state at that instant, under that policy.</summary>
    internal HealthState State { get; }
}

/// <summary>An event of the segment that the last header began.</summary>
/// <param name="Line">Its number.</param>
/// <param name="Envelope">The event.</param>
public sealed record HealthRecordEvent(long Line, EventEnvelope Envelope) : HealthRecordLine(Line);

/// <summary>A problem of the record. Reading continues.</summary>
/// <param name="Line">The line where it was noticed.</param>
/// <param name="Kind">What kind of problem.</param>
/// <param name="Message">What is wrong, and how it is handled.</param>
public sealed record HealthRecordProblem(long Line, RecordProblem Kind, string Message) : HealthRecordLine(Line)
{
    /// <summary>The column in characters; the first is 1, also for a problem of the line as a whole.</summary>
    public int Column { get; init; } = 1;
}

/// <summary>What can be wrong with a record.</summary>
public enum RecordProblem
{
    /// <summary>The last line was cut off: ignored.</summary>
    Truncated,

    /// <summary>The line is neither an event nor a header: ignored.</summary>
    Garbage,

    /// <summary>An event of a newer version: ignored.</summary>
    UnknownEvent,

    /// <summary>Events are missing: the fold continues without them.</summary>
    Hole,

    /// <summary>A repeated event: ignored.</summary>
    Repeated,

    /// <summary>An event of a run of the process other than the header's: ignored.</summary>
    OtherEpoch,

    /// <summary>An event is older than the one before it: its time is treated as the same.</summary>
    ClockBackwards,

    /// <summary>Events before any header: ignored, because the state before them is unknown.</summary>
    NoHeader,

    /// <summary>A header that cannot be read: the events after it are ignored until the next header.</summary>
    BadHeader,
}
