using Cassini.Streams.Events;
using Cassini.Streams.Health;

namespace Cassini.Streams.Feed;

/// <summary>Something that a feed has to say, and what is known of the broker after it.</summary>
/// <param name="Snapshot">What is known now. <see cref="HealthStatus.Unknown"/> and not ready while the feed is lost.</param>
public abstract record FeedNote(HealthSnapshot Snapshot);

/// <summary>The feed begins, and nothing is known yet: always first.</summary>
/// <param name="Snapshot">Unknown.</param>
public sealed record FeedConnecting(HealthSnapshot Snapshot) : FeedNote(Snapshot);

/// <summary>The broker told all of its health.</summary>
/// <param name="Snapshot">It.</param>
/// <param name="IsResumed">The events missed since the last note follow, without a gap. Else there may be events that were never told.</param>
/// <param name="IsRestarted">It is another run of the process than the one before: its epoch is new.</param>
public sealed record FeedSnapshot(HealthSnapshot Snapshot, bool IsResumed, bool IsRestarted) : FeedNote(Snapshot);

/// <summary>An event, and with <see cref="HealthChanged"/> a transition of health.</summary>
/// <param name="Snapshot">Health after it.</param>
/// <param name="Envelope">The event.</param>
public sealed record FeedEvent(HealthSnapshot Snapshot, EventEnvelope Envelope) : FeedNote(Snapshot);

/// <summary>The broker is there, and has nothing to say.</summary>
/// <param name="Snapshot">Unchanged.</param>
public sealed record FeedHeartbeat(HealthSnapshot Snapshot) : FeedNote(Snapshot);

/// <summary>Events were missed for good; all of the health follows.</summary>
/// <param name="Snapshot">Unchanged.</param>
/// <param name="Reason">The broker's word for why: <c>tooOld</c>, <c>tooSlow</c>, <c>otherEpoch</c>, <c>future</c> or <c>malformed</c>.</param>
public sealed record FeedReset(HealthSnapshot Snapshot, string Reason) : FeedNote(Snapshot);

/// <summary>The broker said something that this client does not know: it is newer, or it garbled an event. Nothing is lost but that.</summary>
/// <param name="Snapshot">Unchanged.</param>
/// <param name="Problem">What, for people; one bounded line.</param>
public sealed record FeedProblem(HealthSnapshot Snapshot, string Problem) : FeedNote(Snapshot);

/// <summary>The feed is lost, and with it everything that was known; it is looked for again.</summary>
/// <param name="Snapshot">Unknown.</param>
/// <param name="Reason">Why.</param>
/// <param name="Detail">The same for people; one bounded line.</param>
/// <param name="RetryIn">When it is looked for again.</param>
public sealed record FeedLost(HealthSnapshot Snapshot, FeedLoss Reason, string Detail, TimeSpan RetryIn) : FeedNote(Snapshot);
