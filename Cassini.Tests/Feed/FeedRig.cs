using System.Collections.Immutable;
using Cassini.Streams.Feed;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Feed;

/// <summary>The feed's client in virtual time, against connections that are written in the test.</summary>
internal sealed class FeedRig : IAsyncDisposable
{
    private volatile ImmutableList<FeedNote> _notes = [];
    private IDisposable? _subscription;

    public FeedRig() => Transport = new ScriptedTransport(Clock.Time);

    public VirtualClock Clock { get; } = new();

    public ScriptedTransport Transport { get; }

    /// <summary>The notes so far of the feed that <see cref="Follow"/> follows.</summary>
    public ImmutableList<FeedNote> Notes => _notes;

    public FeedNote Last => _notes[^1];

    public async ValueTask DisposeAsync()
    {
        _subscription?.Dispose();
        await Eventually.HoldsAsync("every stream is closed", () => Transport.StreamsOpen == 0);
    }

    public HealthFeedOptions Options() => new() { Time = Clock.Time };

    public HealthFeed Feed(Func<HealthFeedOptions, HealthFeedOptions>? change = null, double random = 0) =>
        new(new Uri("http://cassini.test:9090/"), change?.Invoke(Options()) ?? Options(), Transport, () => random);

    /// <summary>Subscribes to the notes and lets time pass until <paramref name="until"/>, in seconds.</summary>
    public void Follow(Func<HealthFeedOptions, HealthFeedOptions>? change = null, double until = 0, double random = 0)
    {
        _subscription = Feed(change, random).Notes
            .Subscribe(note => _notes = _notes.Add(note), failure => throw failure);
        Clock.AdvanceTo(TimeSpan.FromSeconds(until));
    }
}
