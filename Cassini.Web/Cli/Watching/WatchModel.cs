using System.Collections.Immutable;
using Cassini.Streams.Events;
using Cassini.Streams.Feed;
using Cassini.Streams.Health;

namespace Cassini.Web.Cli.Watching;

/// <summary>The state that the screen shows: a fold of the notes of a broker's feed. Immutable.</summary>
internal sealed record WatchModel
{
    /// <summary>More lines than any terminal has.</summary>
    private const int EventsKept = 200;

    private const int ChangesKept = 5;

    public required HealthSnapshot Health { get; init; }

    /// <summary>Why no feed arrives; null while it does.</summary>
    public string? Lost { get; init; }

    /// <summary>The families of events that get lines.</summary>
    public ImmutableArray<EventCategory> Types { get; private init; } = EventTypes.All;

    /// <summary>The last changes of health, the newest last: many other events must not displace them.</summary>
    public ImmutableArray<WatchLine> Changes { get; private init; } = [];

    /// <summary>The other lines worth reading, the newest last.</summary>
    public ImmutableQueue<WatchLine> Lines { get; private init; } = [];

    public int LineCount { get; private init; }

    /// <summary>The last sample of the broker's load.</summary>
    public LoadSampled? Load { get; init; }

    public LoadRates Rates { get; init; } = LoadRates.None;

    private TimeSpan LoadAt { get; init; }

    private long AcceptedSinceLoad { get; init; }

    public static WatchModel Of(FeedNote first) => Of(first, EventTypes.All);

    public static WatchModel Of(FeedNote first, ImmutableArray<EventCategory> types) => new() { Health = first.Snapshot, Types = types };

    public WatchModel Apply(FeedNote note)
    {
        var next = this with { Health = note.Snapshot, Lost = note is FeedLost lost ? lost.Detail : null };
        return note switch
        {
            FeedLost { Reason: FeedLoss.Stopped } => next.Say(null, "stopped", "the broker was stopped", LineKind.Notable),
            FeedLost e when Lost is null => next.Say(null, "lost", e.Detail, LineKind.Bad),
            FeedSnapshot { IsRestarted: true } => next.Forget()
                .Say(note.Snapshot.AsOf, "restarted", $"a new run of the process, epoch {note.Snapshot.Epoch}", LineKind.Notable),
            FeedSnapshot when Lost is not null => next.Say(note.Snapshot.AsOf, "back", "the feed works again", LineKind.Good),
            FeedReset e => next.Say(null, "reset", $"events were missed ({e.Reason})", LineKind.Notable),
            FeedProblem e => next.Say(null, "problem", e.Problem, LineKind.Notable),
            FeedEvent e when IsNumberOfEarlierRun(e) => next,
            FeedEvent e => next.Apply(e.Envelope),
            _ => next,
        };
    }

    /// <summary>After a restart the feed sends what was missed of the run before; its numbers say nothing of this one.</summary>
    private static bool IsNumberOfEarlierRun(FeedEvent note) =>
        note.Envelope.Event is LoadSampled or ConnectionAccepted && note.Envelope.Epoch.ToString() != note.Snapshot.Epoch;

    private WatchModel Apply(EventEnvelope envelope) => envelope.Event switch
    {
        // They come all the time: the screen shows their numbers instead of a line for each.
        HeartbeatReceived or AcceptProbed or CanarySucceeded => this,
        LoadSampled e => Sample(envelope, e),
        ConnectionAccepted => this with { AcceptedSinceLoad = AcceptedSinceLoad + 1 },
        HealthChanged => this with { Changes = [.. Changes.Skip(Changes.Length + 1 - ChangesKept), LineOf(envelope)] },
        { Category: var type } when !Types.Contains(type) => this,
        _ => Say(LineOf(envelope)),
    };

    private static WatchLine LineOf(EventEnvelope envelope) => new(
        envelope.Time, EventJson.NameOf(envelope.Event), EventWords.Of(envelope.Event), EventWords.KindOf(envelope.Event));

    private WatchModel Sample(EventEnvelope envelope, LoadSampled sample)
    {
        var seconds = (envelope.Elapsed - LoadAt).TotalSeconds;
        return this with
        {
            Load = sample,
            LoadAt = envelope.Elapsed,
            AcceptedSinceLoad = 0,
            Rates = Load is null || seconds <= 0 ? LoadRates.None : new LoadRates(
                AcceptedSinceLoad / seconds,
                (sample.BytesReceived - Load.BytesReceived) / seconds,
                (sample.BytesSent - Load.BytesSent) / seconds,
                ((sample.MessagesReceived - Load.MessagesReceived) ?? 0) / seconds,
                ((sample.MessagesSent - Load.MessagesSent) ?? 0) / seconds),
        };
    }

    private WatchModel Forget() => this with { Load = null, Rates = LoadRates.None, AcceptedSinceLoad = 0 };

    private WatchModel Say(DateTimeOffset? time, string name, string text, LineKind kind) => Say(new WatchLine(time, name, text, kind));

    private WatchModel Say(WatchLine line)
    {
        var lines = LineCount < EventsKept ? Lines : Lines.Dequeue();
        return this with { Lines = lines.Enqueue(line), LineCount = Math.Min(LineCount + 1, EventsKept) };
    }
}

/// <summary>A line of what happened.</summary>
/// <param name="Time">When, by the broker's clock; null when the broker did not say so.</param>
/// <param name="Name">The kind of the event.</param>
/// <param name="Text">The details.</param>
/// <param name="Kind">How much it matters.</param>
internal sealed record WatchLine(DateTimeOffset? Time, string Name, string Text, LineKind Kind);

/// <summary>How much a line matters.</summary>
internal enum LineKind
{
    /// <summary>The usual.</summary>
    Plain,

    /// <summary>A turn for the better.</summary>
    Good,

    /// <summary>Out of the ordinary.</summary>
    Notable,

    /// <summary>Something is wrong.</summary>
    Bad,
}

/// <summary>What changes within a second, between the last two samples.</summary>
/// <param name="Accepts">Connections.</param>
/// <param name="BytesIn">Bytes received.</param>
/// <param name="BytesOut">Bytes sent.</param>
/// <param name="MessagesIn">Messages received.</param>
/// <param name="MessagesOut">Messages sent, one for each client that gets it.</param>
internal sealed record LoadRates(double Accepts, double BytesIn, double BytesOut, double MessagesIn, double MessagesOut)
{
    public static readonly LoadRates None = new(0, 0, 0, 0, 0);
}
