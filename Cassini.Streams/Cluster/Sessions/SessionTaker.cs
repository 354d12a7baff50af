using System.Collections.Concurrent;
using Cassini.Streams.Broker;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Cluster.Interest;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Cluster.Sessions;

/// <summary>Brings sessions of other nodes here, whose clients have connected to this node. Thread-safe.</summary>
/// <param name="node">The name of this node.</param>
/// <param name="epoch">Its run.</param>
/// <param name="options">The fleet.</param>
/// <param name="broker">Gets the sessions.</param>
/// <param name="durability">How far its store is.</param>
/// <param name="interest">What its clients want.</param>
/// <param name="confirmed">The versions of it that all live peers have confirmed.</param>
/// <param name="peers">The other nodes.</param>
/// <param name="marks">Sends the marks of this node.</param>
/// <param name="tasks">Owns what is done in the background.</param>
/// <param name="events">Where it publishes what came.</param>
/// <param name="time">The one clock.</param>
internal sealed class SessionTaker(
    string node, string epoch, ClusterOptions options, MqttBroker broker, Durability durability, OwnInterest interest, Watermark confirmed,
    IPeers peers, MarkSender marks, NodeTasks tasks, IEventPublisher events, TimeProvider time)
{
    /// <summary>What is not answered for so long is asked for again: the bus may have lost it.</summary>
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<ulong, Waiting> _waiting = new();

    /// <summary>A node has answered.</summary>
    public void Hear(SessionAnswered answered)
    {
        if (_waiting.TryGetValue(answered.Number, out var waiting)
            && (answered.Node, answered.Epoch) == waiting.Of)
        {
            waiting.Answer.TrySetResult(answered);
        }
    }

    /// <summary>A piece came.</summary>
    public void HearPiece(ReadOnlyMemory<byte> bytes)
    {
        if (SessionPiece.TryRead(bytes, out var number, out var piece, out var isLast, out var body)
            && _waiting.TryGetValue(number, out var waiting) && waiting.Piece is { } wanted && wanted.Number == piece)
        {
            wanted.Come.TrySetResult((body.ToArray(), isLast));
        }
    }

    /// <summary>
    /// A mark came from a peer: what comes after it is for the session, and what came before is among what comes from the other node.
    /// </summary>
    public void OnMark(string from, Subscriber peer, ulong number)
    {
        if (_waiting.TryGetValue(number, out var waiting))
        {
            waiting.Session?.Deliveries.OpenArrival(peer);
            waiting.Marks.OnMark(from, peers.Live);
        }
    }

    /// <summary>
    /// A peer is there that was not when moves began, and of which no mark is awaited: it publishes nothing before it knows what those
    /// sessions want here.
    /// </summary>
    public void OnMet(Subscriber peer)
    {
        foreach (var waiting in _waiting.Values)
        {
            waiting.Session?.Deliveries.OpenArrival(peer);
        }
    }

    /// <summary>Who is there may have changed.</summary>
    public void Look()
    {
        foreach (var waiting in _waiting.Values)
        {
            waiting.Marks.Review(peers.Live);
        }
    }

    /// <summary>Asks a node for the session of a client, and brings it here if there is one.</summary>
    /// <param name="owner">The node.</param>
    /// <param name="request">What the client asks for.</param>
    /// <param name="wish">The wish of this node.</param>
    /// <param name="cancellationToken">Ends it: the session stays where it is.</param>
    /// <returns>Why the client cannot have its session; null when it can, or when there is none any more.</returns>
    public async Task<(ReasonCode Reason, string Detail)?> BringAsync(
        ClientOwner owner, AttachRequest request, SessionWish wish, CancellationToken cancellationToken)
    {
        if (peers.EpochOf(owner.Node) is not { } of)
        {
            return Unreachable(owner);
        }

        var number = MessageOrigin.Next();
        var waiting = _waiting[number] = new Waiting((owner.Node, of));
        var asked = new SessionAsked(node, epoch, of, number, request.ClientId, request.Identity, request.CleanStart, wish.Stamp);
        var mayLeave = true;
        try
        {
            await AskAsync(() => peers.Tell(owner.Node, asked), waiting.Answer.Task, cancellationToken).ConfigureAwait(false);
            var answer = await waiting.Answer.Task.ConfigureAwait(false);
            mayLeave = false;
            wish.HasTakenOver |= answer.HadConnection;
            return answer.Outcome switch
            {
                ReleaseOutcome.None => null,
                ReleaseOutcome.OfAnother => (ReasonCode.NotAuthorized, "the client identifier belongs to another identity"),
                ReleaseOutcome.Busy => (ReasonCode.ServerBusy, $"the session is on its way, or wanted on node {owner.Node}"),
                _ => await BringAsync(owner, asked, wish, waiting, cancellationToken).ConfigureAwait(false),
            };
        }
        catch (TimeoutException)
        {
            // One that ends with its connection is ended when that node hears who has it now.
            return owner.Claim.Phase == ClaimPhase.Held || request.CleanStart ? null : Unreachable(owner);
        }
        finally
        {
            _waiting.TryRemove(number, out _);
            if (mayLeave)
            {
                // Nobody waits for the answer any more.
                peers.Tell(owner.Node, new SessionCame(node, epoch, of, number, HasCome: false));
            }
        }
    }

    /// <summary>The answer to a client whose session is on a node that cannot be reached.</summary>
    public static (ReasonCode Reason, string Detail) Unreachable(ClientOwner owner) =>
        (ReasonCode.ServerUnavailable, $"the session is on node {owner.Node}, which cannot be reached");

    private async Task<(ReasonCode Reason, string Detail)?> BringAsync(
        ClientOwner owner, SessionAsked asked, SessionWish wish, Waiting waiting, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var (isHere, hasCome) = (false, false);
        Session? session = null;
        (ReasonCode Reason, string Detail)? refusal = null;
        try
        {
            var messages = 0L;
            var stream = new PieceStream(
                wanted => AskPieceAsync(owner.Node, asked, waiting, wanted, cancellationToken), broker.Sessions.LargestMoved);
            var moved = SessionParcel.ReadSession((await stream.NextAsync().ConfigureAwait(false))!.Value);
            if (moved.ClientId != asked.ClientId || moved.Identity != asked.Identity)
            {
                throw new InvalidDataException("another session came");
            }

            AwaitList.TakeNoted();
            (session, var reached) = broker.Sessions.BeginArrival(moved);
            var known = AwaitList.TakeNoted();
            if (session is null)
            {
                return refusal = (ReasonCode.QuotaExceeded, $"node {node} has no place for the session: {reached!.Resource}");
            }

            // From here on, what is published anywhere comes here, and for a while to the other node as well.
            await (known?.WhenReachedAsync(cancellationToken) ?? Task.CompletedTask).ConfigureAwait(false);
            waiting.Session = session;
            waiting.Marks.Expect(peers.Live);
            waiting.MarksAsked = new MarksAsked(
                node, epoch, owner.Node, asked.Number, interest.Version, Client: ClientHash.Of(asked.ClientId));
            while (await stream.NextAsync().ConfigureAwait(false) is { } item)
            {
                var message = SessionParcel.ReadMessage(item, topic => broker.Topics.Get(topic), ExpiresAt);
                if (!session.TryImport(message))
                {
                    return refusal = NoRoom();
                }

                messages++;
            }

            await AskAsync(() => AskForMarks(owner.Node, asked, waiting), waiting.Marks.Complete, cancellationToken).ConfigureAwait(false);
            Durability.TakeNoted();
            isHere = broker.Sessions.TryArrive(session, moved);
            var ticket = Durability.TakeNoted();
            if (!isHere)
            {
                return refusal = NoRoom();
            }

            // Before it is said: whoever hears it ends the session there.
            await durability.WhenReachedAsync(ticket, durability.Closed).ConfigureAwait(false);
            hasCome = wish.HasBrought = true;
            broker.Sessions.Fleet!.OnHeld(session.ClientId, session.Identity, HeldSession.HasCome, time.GetUtcNow());

            // A node that is gone before it hears this would have the session as well.
            await confirmed.WhenReachedAsync(interest.Version, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            events.Publish(new SessionArrived(asked.ClientId, owner.Node, messages, time.GetElapsedTime(began)));
            return peers.IsConnected
                ? null
                : (ReasonCode.ServerUnavailable, "the session is here, but the other nodes cannot be told that");
        }
        catch (Exception failure) when (failure is TimeoutException or InvalidDataException or OperationCanceledException)
        {
            refusal = (ReasonCode.ServerUnavailable, $"the session did not come from node {owner.Node}: {failure.Message}");
            return refusal;
        }
        finally
        {
            if (!isHere && session is not null)
            {
                broker.Sessions.AbandonArrival(session);
            }

            peers.Tell(owner.Node, new SessionCame(node, epoch, asked.Of, asked.Number, hasCome));
            if (refusal is var (reason, detail) && !cancellationToken.IsCancellationRequested)
            {
                events.Publish(new SessionNotArrived(asked.ClientId, owner.Node, $"{reason}: {detail}"));
            }
        }
    }

    private async Task<(byte[] Body, bool IsLast)> AskPieceAsync(
        string from, SessionAsked asked, Waiting waiting, WantedPiece wanted, CancellationToken cancellationToken)
    {
        waiting.Piece = wanted;
        await AskAsync(Ask, wanted.Come.Task, cancellationToken).ConfigureAwait(false);
        if (waiting.Marks.Complete.IsCompleted)
        {
            // A piece that comes after they were asked for shows that the other node has them.
            waiting.MarksAsked = null;
        }

        return await wanted.Come.Task.ConfigureAwait(false);

        void Ask()
        {
            AskForMarks(from, asked, waiting);
            peers.Tell(from, new PieceAsked(node, epoch, asked.Of, asked.Number, wanted.Number));
        }
    }

    /// <summary>Each time anew, as long as one is missing: it may be lost, or that of a node that has joined meanwhile.</summary>
    private void AskForMarks(string from, SessionAsked asked, Waiting waiting)
    {
        if (waiting.MarksAsked is { } all)
        {
            peers.TellAll(all with { Live = peers.Live });
            tasks.Add(marks.SendAsync(null, from, asked.Number, opened: () => waiting.Session?.Deliveries.OpenArrival(peer: null)));
        }
    }

    private (ReasonCode, string) NoRoom() => (ReasonCode.QuotaExceeded, $"node {node} has no room for the messages of the session");

    private long ExpiresAt(uint seconds) => time.GetTimestamp() + (long)(seconds * (double)time.TimestampFrequency);

    /// <summary>Asks until there is an answer.</summary>
    /// <exception cref="TimeoutException">There is none.</exception>
    private async Task AskAsync(Action ask, Task answer, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            ask();
            try
            {
                await answer.WaitAsync(AskAgainAfter, time, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (TimeoutException) when (time.GetElapsedTime(began) < options.TakeOverPatience)
            {
            }
        }
    }

    private sealed class Waiting((string Node, string Epoch) of)
    {
        /// <summary>Who is asked, and its run.</summary>
        public (string Node, string Epoch) Of => of;

        public TaskCompletionSource<SessionAnswered> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>With the mark of a node, what comes from it is for the session.</summary>
        public MarkGate Marks { get; } = new(awaitsOwn: false);

        /// <summary>The session that comes; null before.</summary>
        public Session? Session { get; set; }

        /// <summary>The piece that is to come; null while none is.</summary>
        public WantedPiece? Piece { get; set; }

        /// <summary>What all nodes are asked for; null before, and when all marks have come, here and to the other node.</summary>
        public MarksAsked? MarksAsked { get; set; }
    }
}
