using Cassini.Streams.Events;
using Cassini.Streams.Health.Folding;

namespace Cassini.Streams.Health.Records;

/// <summary>How to replay a record.</summary>
public sealed record HealthReplayOptions
{
    /// <summary>
    /// The policy to judge by, made from the one that was recorded with each segment; it must be valid
    /// (<see cref="HealthPolicyValidator"/>). Default null: the recorded policy.
    /// </summary>
    public Func<HealthPolicy, HealthPolicy>? Policy { get; init; }

    /// <summary>Where to stop. Default null: after the last event.</summary>
    public ReplayLimit? Until { get; init; }
}

/// <summary>Where a replay stops: everything due by then is applied, and nothing later.</summary>
public sealed class ReplayLimit
{
    private readonly TimeSpan? _elapsed;
    private readonly DateTimeOffset? _time;
    private readonly EventId? _event;

    private ReplayLimit(TimeSpan? elapsed, DateTimeOffset? time, EventId? id)
    {
        (_elapsed, _time, _event) = (elapsed, time, id);
    }

    /// <summary>A time since the epoch began, as the <c>elapsed</c> of an event.</summary>
    public static ReplayLimit At(TimeSpan elapsed) => new(elapsed, null, null);

    /// <summary>A time of the recorded wall clock.</summary>
    public static ReplayLimit At(DateTimeOffset time) => new(null, time, null);

    /// <summary>An event; the replay includes it.</summary>
    public static ReplayLimit After(EventId id) => new(null, null, id);

    /// <summary>Whether the event comes after the limit; if so, also the time up to which to fold, unless the limit is an event.</summary>
    internal bool IsBefore(EventId id, TimeSpan elapsed, HealthState state, out TimeSpan? until)
    {
        until = _elapsed ?? (_time is { } time ? time - state.Origin : null);
        return _event is { } last
            ? id.Epoch.CompareTo(last.Epoch) > 0 || (id.Epoch == last.Epoch && id.Sequence > last.Sequence)
            : elapsed > until;
    }
}
