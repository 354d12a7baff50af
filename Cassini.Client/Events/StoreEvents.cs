namespace Cassini.Streams.Events;

/// <summary>Why the store cannot keep new messages.</summary>
public enum StoreProblem
{
    /// <summary>There is no room on the disk, or it may not be written to.</summary>
    Full,

    /// <summary>The disk fails: whether the last changes are there is known only when the store was opened and read again.</summary>
    Failing,
}

/// <summary>What earlier runs left is being read. Published when it begins, and each quarter of a second until it ends.</summary>
/// <param name="Read">The bytes that were read.</param>
/// <param name="Total">The bytes that there are.</param>
/// <param name="Sessions">The sessions that were found so far.</param>
/// <param name="Messages">The messages that were found so far and wait for these.</param>
public sealed record StoreRecovering(long Read, long Total, int Sessions, long Messages) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Lifecycle;
}

/// <summary>The store is open, and what earlier runs left is there again.</summary>
/// <param name="Level">What a stored message survives: <c>process</c> or <c>flush</c>.</param>
/// <param name="Bytes">The bytes that were read.</param>
/// <param name="Sessions">The sessions that were restored.</param>
/// <param name="Messages">The messages that wait for these.</param>
/// <param name="Duration">How long it took.</param>
public sealed record StoreOpened(string Level, long Bytes, int Sessions, long Messages, TimeSpan Duration) : BrokerEvent
{
    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Lifecycle;
}

/// <summary>
/// The store cannot keep new messages: those that would be stored are refused until <see cref="StoreResumed"/>. Published again when the
/// problem becomes another one.
/// </summary>
/// <param name="Problem">Which problem.</param>
/// <param name="Message">What the disk says.</param>
public sealed record StoreFailed(StoreProblem Problem, string Message) : BrokerEvent
{
    /// <summary>The bytes of everything that is stored; null in events of versions that did not say it.</summary>
    public long? Bytes { get; init; }

    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Store;
}

/// <summary>The store keeps new messages again.</summary>
/// <param name="After">How long it could not.</param>
public sealed record StoreResumed(TimeSpan After) : BrokerEvent
{
    /// <summary>The bytes of everything that is stored; null in events of versions that did not say it.</summary>
    public long? Bytes { get; init; }

    /// <inheritdoc/>
    public override EventCategory Category => EventCategory.Store;
}

/// <summary>How the store does.</summary>
/// <param name="Bytes">The bytes of everything that is stored, dead or alive.</param>
/// <param name="LiveBytes">The bytes of what lived at the last rewrite; 0 before the first.</param>
/// <param name="Lag">How long the oldest change waits to become durable; zero when none does.</param>
/// <param name="SlowestCommit">The longest commit since the last sample; zero when there was none.</param>
public sealed record StoreLoad(long Bytes, long LiveBytes, TimeSpan Lag, TimeSpan SlowestCommit)
{
    /// <summary>What the disk needs attention for, though everything is kept still; null when it needs none.</summary>
    public string? Warning { get; init; }

    /// <summary>Why the journal's write-ahead log could not be copied into it, so that it grows; null when it could.</summary>
    public string? CheckpointFailure { get; init; }

    /// <summary>Why messages that wait in the journal alone cannot be read back, and for how many clients; null when they can.</summary>
    public string? ReadFailure { get; init; }
}
