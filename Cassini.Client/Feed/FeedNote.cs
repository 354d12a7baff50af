using Cassini.Streams.Events;
using Cassini.Streams.Health;

namespace Cassini.Streams.Feed;

/// <summary>A note of a feed, and what is known about the broker after it.</summary>
/// <param name="Snapshot">What is known now. <see cref="HealthStatus.Unknown"/> and not ready while the feed is lost.</param>
public abstract record FeedNote(HealthSnapshot Snapshot);

/// <summary>The feed connects, and nothing is known yet. Always the first note.</summary>
/// <param name="Snapshot">Unknown.</param>
public sealed record FeedConnecting(HealthSnapshot Snapshot) : FeedNote(Snapshot);

/// <summary>The broker sent its whole health.</summary>
/// <param name="Snapshot">The health that it sent.</param>
/// <param name="IsResumed">Whether the events missed since the last note follow without a gap. If not, events may be lost.</param>
/// <param name="IsRestarted">Whether the broker's process was restarted: its epoch is new.</param>
public sealed record FeedSnapshot(HealthSnapshot Snapshot, bool IsResumed, bool IsRestarted) : FeedNote(Snapshot);

/// <summary>
/// An event, and with <see cref="HealthChanged"/> a transition of health. After a restart of the broker it may be one that was missed of
/// the run before: its epoch is then another than the snapshot's.
/// </summary>
/// <param name="Snapshot">Health after it; unchanged by an event of an earlier run.</param>
/// <param name="Envelope">The event.</param>
public sealed record FeedEvent(HealthSnapshot Snapshot, EventEnvelope Envelope) : FeedNote(Snapshot);

/// <summary>A heartbeat: the broker is there, and there is no news.</summary>
/// <param name="Snapshot">Unchanged.</param>
public sealed record FeedHeartbeat(HealthSnapshot Snapshot) : FeedNote(Snapshot);

/// <summary>Events were lost; the whole health follows.</summary>
/// <param name="Snapshot">Unchanged.</param>
/// <param name="Reason">The reason that the broker gives: <c>tooOld</c>, <c>tooSlow</c>, <c>otherEpoch</c>, <c>future</c> or
/// <c>malformed</c>.</param>
public sealed record FeedReset(HealthSnapshot Snapshot, string Reason) : FeedNote(Snapshot);

/// <summary>The broker sent something that this client cannot read: a newer type, or a malformed event. Only that is lost.</summary>
/// <param name="Snapshot">Unchanged.</param>
/// <param name="Problem">What it was, for people; one bounded line.</param>
public sealed record FeedProblem(HealthSnapshot Snapshot, string Problem) : FeedNote(Snapshot);

/// <summary>The feed is lost, so the broker's health is unknown; the client connects again.</summary>
/// <param name="Snapshot">Unknown.</param>
/// <param name="Reason">Why.</param>
/// <param name="Detail">The same for people; one bounded line.</param>
/// <param name="RetryIn">The delay before the next attempt to connect.</param>
public sealed record FeedLost(HealthSnapshot Snapshot, FeedLoss Reason, string Detail, TimeSpan RetryIn) : FeedNote(Snapshot);
