using System.Collections.Immutable;
using Cassini.Streams.Feed;
using Cassini.Streams.Fleet;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Feed;

/// <summary>The feed of a fleet in virtual time, with two addresses whose connections are written in the test.</summary>
internal sealed class FleetRig : IAsyncDisposable
{
    private volatile ImmutableList<FleetFeedNote> _notes = [];
    private volatile ImmutableList<FleetSnapshot> _snapshots = [];
    private IDisposable? _subscription;

    public FleetRig() => (One, Two) = (new ScriptedTransport(Clock.Time), new ScriptedTransport(Clock.Time));

    public VirtualClock Clock { get; } = new();

    /// <summary>The address of n1.</summary>
    public ScriptedTransport One { get; }

    /// <summary>The address of n2.</summary>
    public ScriptedTransport Two { get; }

    /// <summary>The notes so far of the feed that <see cref="Follow"/> follows.</summary>
    public ImmutableList<FleetFeedNote> Notes => _notes;

    /// <summary>Its snapshots that differ visibly.</summary>
    public ImmutableList<FleetSnapshot> Snapshots => _snapshots;

    public FleetFeedNote Last => _notes[^1];

    public async ValueTask DisposeAsync()
    {
        _subscription?.Dispose();
        await Eventually.HoldsAsync("every stream is closed", () => One.StreamsOpen + Two.StreamsOpen == 0);
    }

    /// <summary>A feed of the first address, or of both.</summary>
    public FleetFeed Feed(bool both = true) => new(
        both ? [new Uri("http://n1.test:9090/"), new Uri("http://n2.test:9090/")] : [new Uri("http://n1.test:9090/")],
        new HealthFeedOptions { Time = Clock.Time },
        both ? [One, Two] : [One],
        () => 0);

    /// <summary>Subscribes to the notes and lets time pass until <paramref name="until"/>, in seconds.</summary>
    public void Follow(bool both = true, double until = 0)
    {
        _subscription = Feed(both).Notes.Subscribe(
            note =>
            {
                _notes = _notes.Add(note);
                if (_snapshots.IsEmpty || !VisibleFleet.Comparer.Equals(_snapshots[^1], note.Snapshot))
                {
                    _snapshots = _snapshots.Add(note.Snapshot);
                }
            },
            failure => throw failure);
        Clock.AdvanceTo(TimeSpan.FromSeconds(until));
    }
}
