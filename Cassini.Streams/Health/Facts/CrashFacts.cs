using System.Collections.Immutable;
using Cassini.Streams.Events;

namespace Cassini.Streams.Health.Facts;

/// <summary>Which components crashed, and which of them do not run again.</summary>
internal sealed record CrashFacts(SlidingCounter Window)
{
    private const int EvidenceKept = 5;

    /// <summary>Components that crashed and are not restarted yet, each with the sequence of the crash.</summary>
    public ImmutableDictionary<Component, long> Down { get; init; } = ImmutableDictionary<Component, long>.Empty;

    /// <summary>Components that the supervisor gave up, each with the sequence of that event.</summary>
    public ImmutableDictionary<Component, long> GivenUp { get; init; } = ImmutableDictionary<Component, long>.Empty;

    public Crashed? LastCrash { get; init; }

    public TimeSpan LastCrashAt { get; init; }

    public ImmutableArray<long> Recent { get; init; } = [];

    public bool CoreIsDown => Down.Keys.Any(component => component.IsCore) || CoreGaveUp;

    public bool CoreGaveUp => GivenUp.Keys.Any(component => component.IsCore);

    public CrashFacts Apply(BrokerEvent happened, long sequence, TimeSpan now) => happened switch
    {
        Crashed e => this with
        {
            Window = Window.Add(now, 0, 1),
            LastCrash = e,
            LastCrashAt = now,
            Recent = [.. Recent.Length < EvidenceKept ? Recent : Recent.RemoveAt(0), sequence],

            // A component that is never restarted (a connection, a detached observer) is not down; GaveUp has its own event.
            Down = e.RestartIn is null && !e.Component.IsCore ? Down : Down.SetItem(e.Component, sequence),
        },
        Restarted e => this with { Down = Down.Remove(e.Component) },
        GaveUp e => this with { Down = Down.Remove(e.Component), GivenUp = GivenUp.SetItem(e.Component, sequence) },
        _ => this,
    };

    public CrashFacts Expire(TimeSpan now) => Window.NextExpiry <= now ? this with { Window = Window.Expire(now) } : this;
}
