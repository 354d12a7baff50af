using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Cluster.Interest;

namespace Cassini.Streams.Cluster.Sessions;

/// <summary>Gives sessions of this node to other nodes, whose clients they are now. Thread-safe.</summary>
/// <param name="node">The name of this node.</param>
/// <param name="epoch">Its run.</param>
/// <param name="options">The fleet.</param>
/// <param name="broker">Has the sessions.</param>
/// <param name="clients">Who has a session here.</param>
/// <param name="peers">The other nodes.</param>
/// <param name="marks">Sends marks to nodes whose sessions leave them.</param>
/// <param name="version">The version of what its clients want.</param>
/// <param name="pieceSize">How many bytes a piece of a session has at most.</param>
/// <param name="time">The one clock.</param>
/// <param name="tasks">Owns what is done in the background.</param>
internal sealed class SessionGiver(
    string node, string epoch, ClusterOptions options, MqttBroker broker, OwnClients clients, IPeers peers, MarkSender marks,
    Func<long> version, int pieceSize, TimeProvider time, NodeTasks tasks) : IDisposable
{
    /// <summary>An answer may be lost, and asked for once more.</summary>
    private static readonly TimeSpan KeptAnswer = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How many sessions others may ask for at once, each with a task: beyond, the answer is to ask later. Answers count as long as they
    /// are kept.
    /// </summary>
    internal const int MostDepartures = 10_000;

    /// <summary>A bus that takes less carries no messages either.</summary>
    private const int LeastBytes = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, Departure> _departures = [];

    /// <summary>A node asks for a session.</summary>
    public void Hear(SessionAsked asked)
    {
        Departure? departure;
        lock (_lock)
        {
            if (!_departures.TryGetValue(asked.Number, out departure) && _departures.Count < MostDepartures)
            {
                _departures.Add(asked.Number, departure = new Departure(asked, BytesOfPiece, time));
                tasks.Add(ReleaseAsync(departure));
                return;
            }
        }

        if (departure is null)
        {
            peers.Tell(asked.Node, new SessionAnswered(node, epoch, asked.Epoch, asked.Number, ReleaseOutcome.Busy));
            return;
        }

        if (!departure.IsFor(asked))
        {
            return;
        }

        departure.Touch();
        if (departure.Outcome is { } outcome)
        {
            Answer(departure, outcome);
        }
    }

    /// <summary>A node asks for marks, and this node knows what it wants.</summary>
    public void Hear(MarksAsked asked)
    {
        if (asked.To != node)
        {
            tasks.Add(marks.SendAsync(asked.Node, asked.To, asked.Number, asked.All.Contains(node) ? asked.Client : null));
        }
        else if (Find(asked, asked.Number) is { } departure)
        {
            departure.Touch();
            departure.Marks.Expect([.. asked.All.Where(live => live != node)]);
            tasks.Add(MarkOwnAsync(departure));
        }
    }

    /// <summary>A node asks for a piece.</summary>
    public void Hear(PieceAsked asked)
    {
        if (Find(asked, asked.Number) is { } departure)
        {
            tasks.Add(SendPieceAsync(departure, asked.Piece));
        }
    }

    /// <summary>
    /// A node that is back has kept something for the sessions of this one. Those that leave now without its mark would not have it: they
    /// leave first. The others wait for its mark.
    /// </summary>
    public void Hear(QueueAsked asked)
    {
        if (peers.EpochOf(asked.Node) == asked.Epoch)
        {
            tasks.Add(AwaitAsync(asked));
        }
    }

    /// <summary>A session has come to another node, or not.</summary>
    public void Hear(SessionCame came)
    {
        if (Find(came, came.Number) is { } departure)
        {
            tasks.Add(EndAsync(departure, came.HasCome));
        }
    }

    /// <summary>A mark came from a peer.</summary>
    public void OnMark(string from, ulong number) => Find(number)?.Marks.OnMark(from, peers.Live);

    /// <summary>Who is there has changed, or time has passed: what nobody asks for any more stays here.</summary>
    public void Look()
    {
        List<Departure> all;
        lock (_lock)
        {
            all = [.. _departures.Values];
        }

        if (all.Count == 0)
        {
            return;
        }

        var live = peers.Live;
        foreach (var departure in all)
        {
            departure.Marks.Review(live);
            var isAnswered = departure is { Outcome: not null, Session: null } && departure.Idle > KeptAnswer;
            if (isAnswered || departure.Idle > 3 * options.TakeOverPatience
                || peers.EpochOf(departure.Asked.Node) != departure.Asked.Epoch)
            {
                tasks.Add(EndAsync(departure, hasCome: false));
            }
        }
    }

    public void Dispose()
    {
        List<Departure> all;
        lock (_lock)
        {
            all = [.. _departures.Values];
        }

        all.ForEach(departure => departure.Dispose());
    }

    /// <summary>The bus takes no larger one. Its server may be another one for each session.</summary>
    private int BytesOfPiece => Math.Max(LeastBytes, Math.Min(pieceSize, peers.LargestPiece - SessionPiece.HeaderSize));

    private Departure? Find(ulong number)
    {
        lock (_lock)
        {
            return _departures.GetValueOrDefault(number);
        }
    }

    /// <returns>Null also when another node says it, or another run of the one that has asked.</returns>
    private Departure? Find(ControlMessage said, ulong number) =>
        Find(number) is { } departure && departure.IsFor(said) ? departure : null;

    private async Task ReleaseAsync(Departure departure)
    {
        // Not on the thread of the bus.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var asked = departure.Asked;
        var client = ClientHash.Of(asked.ClientId);
        var claim = new ClientClaim(client, asked.Stamp, ClaimPhase.Wanted);
        var released = new SessionReleased(ReleaseOutcome.Busy);
        var own = clients.Find(client);
        if (own is null || claim.HoldsAgainst(own.Value.Claim, asked.Node, node))
        {
            if (own?.Wish is { } wish)
            {
                wish.Lose();
                await wish.Ended.ConfigureAwait(false);
            }

            released = await broker.Releasing
                .ReleaseAsync(asked.ClientId, asked.Identity, asked.CleanStart, HoldsStill, CancellationToken.None).ConfigureAwait(false);
        }

        var hasBegun = false;
        try
        {
            departure.Marks.Expect(peers.Live);
            hasBegun = departure.TryBegin(released);
        }
        finally
        {
            if (!hasBegun)
            {
                // Who asked is gone, or this failed: nobody else could let it stay.
                released.Session?.Stay();
            }
        }

        if (hasBegun)
        {
            Answer(departure, released.Outcome);
        }

        // A client that has connected here since is later: the session would end on the other node, because this one has had it later.
        bool HoldsStill() => clients.Find(client) is not { } since || claim.HoldsAgainst(since.Claim, asked.Node, node);
    }

    private void Answer(Departure departure, ReleaseOutcome outcome) => peers.Tell(
        departure.Asked.Node,
        new SessionAnswered(node, epoch, departure.Asked.Epoch, departure.Asked.Number, outcome, departure.HadConnection));

    private async Task MarkOwnAsync(Departure departure)
    {
        if (await marks.SendAsync(departure.Asked.Node, null, departure.Asked.Number).ConfigureAwait(false))
        {
            departure.Marks.OnOwn(peers.Live);
        }
    }

    private async Task SendPieceAsync(Departure departure, int piece)
    {
        try
        {
            if (await departure.PieceAsync(piece).ConfigureAwait(false) is { } made)
            {
                peers.SendPiece(departure.Asked.Node, made);
            }
        }
        catch (Exception thrown) when (thrown is IOException or InvalidDataException or OperationCanceledException)
        {
            // Health tells the first. The other node gives it up, and the session stays.
        }
    }

    private async Task AwaitAsync(QueueAsked asked)
    {
        List<Departure> leaving;
        lock (_lock)
        {
            leaving = [.. _departures.Values.Where(departure => departure is { Session: not null, Marks.Complete.IsCompleted: true })];
        }

        await Task.WhenAll(leaving.Select(departure => departure.WhenSettled)).ConfigureAwait(false);
        peers.Tell(asked.Node, new QueueAwaited(node, epoch, asked.Epoch, asked.Link, version()));
    }

    private async Task EndAsync(Departure departure, bool hasCome)
    {
        lock (_lock)
        {
            if (!_departures.Remove(departure.Asked.Number))
            {
                return;
            }
        }

        try
        {
            if (departure.End() is not { } session)
            {
                return;
            }

            if (hasCome || HasLater(session.ClientId))
            {
                await broker.Releasing.EndMovedAsync(session).ConfigureAwait(false);
            }
            else
            {
                session.Stay();
            }
        }
        finally
        {
            departure.Settle();
        }
    }

    /// <summary>Whether another node has the session, although it did not say so.</summary>
    private bool HasLater(string clientId)
    {
        var client = ClientHash.Of(clientId);
        return clients.Find(client) is var (_, own, _) && peers.OwnersOf(client).Any(
            owner => owner.Claim.Phase != ClaimPhase.Wanted && owner.Claim.HoldsAgainst(own, owner.Node, node));
    }
}
