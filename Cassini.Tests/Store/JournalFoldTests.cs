using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Store;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;
using CsCheck;

namespace Cassini.Tests.Store;

/// <summary>What is read back of a journal is what was put into it, whatever was merged or left out on the way.</summary>
public class JournalFoldTests
{
    private readonly VirtualClock _clock = new();

    /// <summary>Each number makes one change; what it can do depends on what is there.</summary>
    [Fact]
    public void Load_AnyChanges_GivesWhatIsLeftOfThem() =>
        Gen.Int[0, 1 << 20].Array[1, 120].Sample(choices => LoadsWhatIsLeft(choices).GetAwaiter().GetResult(), iter: 1_000, threads: 1);

    private async Task LoadsWhatIsLeft(int[] choices)
    {
        var groups = new List<(long, byte[])>();
        var models = new List<Model>();
        await using (var journal = await OpenAsync(groups))
        {
            foreach (var choice in choices)
            {
                if (choice % 9 == 0)
                {
                    await SettleAsync(journal.Journal, models);
                }
                else if (choice % 31 == 0)
                {
                    await RewriteAsync(journal.Journal, models, choice);
                }
                else if (models.Count == 0 || choice % 37 == 0)
                {
                    models.Add(new Model(journal.Journal, $"c{models.Count}"));
                }
                else
                {
                    models[choice % models.Count].Change(choice / models.Count, _clock.Time.GetTimestamp());
                }
            }
        }

        await using var again = new RunningJournal(() => new ListLedger(groups), _clock.Time);
        var state = await again.LoadAsync(maxQueuedInMemory: choices[0] % 3 == 0 ? long.MaxValue : choices[0] % 2_000);
        var sessions = new List<SessionState>();
        foreach (var session in state.Sessions)
        {
            sessions.Add(await WholeAsync(session));
        }

        Describe(sessions).ShouldBe(models.Where(model => !model.HasEnded).Select(model => model.ToString()).Order());
    }

    private async Task<RunningJournal> OpenAsync(List<(long, byte[])> groups)
    {
        var journal = new RunningJournal(() => new ListLedger(groups), _clock.Time);
        (await journal.LoadAsync()).Sessions.ShouldBeEmpty();
        return journal;
    }

    /// <summary>A group ends here.</summary>
    private static Task SettleAsync(Journal journal, List<Model> models) => Eventually.CompletesAsync(
        "the changes are durable",
        Task.WhenAll(models.Select(model => journal.Durability.WhenReachedAsync(model.Log.LastTicket, CancellationToken.None))));

    /// <summary>Everything is written anew, with changes in between, and what was written before is dropped.</summary>
    private async Task RewriteAsync(Journal journal, List<Model> models, int choice)
    {
        journal.BeginRewrite();
        foreach (var model in models)
        {
            model.Change(choice, _clock.Time.GetTimestamp());
            model.Rewrite();
            model.Change(choice / 7, _clock.Time.GetTimestamp());
        }

        await Eventually.CompletesAsync(
            "the rest is dropped", journal.EndRewriteAsync(TestContext.Current.CancellationToken).AsTask());
    }

    /// <summary>A session with what was left in the store, behind what is in memory.</summary>
    private static async Task<SessionState> WholeAsync(SessionState session)
    {
        if (session.Backlog is not { } backlog)
        {
            return session;
        }

        var copies = backlog.Take(0, long.MaxValue);
        copies.Length.ShouldBe(backlog.Count);
        var read = await session.Store.ReadAsync(() => copies, 1, TestContext.Current.CancellationToken);
        backlog.Bytes.ShouldBe(read.Sum(copy => (long)copy.Message.StoredSize));
        backlog.Shared.ShouldBe(read.Count(copy => copy.Share is not null));
        return session with { Messages = [.. session.Messages, .. read.Select(copy => (copy, (ushort)0, DeliveryState.Done))] };
    }

    private static IEnumerable<string> Describe(IEnumerable<SessionState> sessions) =>
        sessions.Select(session => Model.Describe(
            session.Session,
            session.Subscriptions,
            session.Messages.Select(message => (message.Message, message.PacketId, message.State)),
            session.Received)).Order();

    /// <summary>A session as it should be.</summary>
    private sealed class Model
    {
        private readonly Dictionary<string, SubscriptionRecord> _subscriptions = [];
        private readonly List<(QueuedMessage Copy, ushort PacketId, DeliveryState State)> _sent = [];
        private readonly List<QueuedMessage> _waiting = [];
        private readonly HashSet<ushort> _received = [];
        private SessionRecord _session;
        private long _sequence;
        private ushort _packetId = ushort.MaxValue - 5;
        private ushort _receivedId = ushort.MaxValue - 3;

        public Model(Journal journal, string clientId)
        {
            _session = new SessionRecord(clientId, "alice", 60);
            Log = journal.OpenSession(_session);
        }

        public ISessionStore Log { get; }

        public bool HasEnded { get; private set; }

        public static string Describe(
            SessionRecord session,
            IEnumerable<SubscriptionRecord> subscriptions,
            IEnumerable<(QueuedMessage Copy, ushort PacketId, DeliveryState State)> messages,
            IEnumerable<ushort> received)
        {
            var filters = subscriptions.OrderBy(one => one.Filter, StringComparer.Ordinal)
                .Select(one => $"{one.Filter} {one.QoS} {one.NoLocal} {one.RetainAsPublished} {string.Join('+', one.Identifiers)}");
            var copies = messages.Select(one => string.Join(
                ' ', one.Copy.Sequence, one.PacketId, one.State, one.Copy.QoS, one.Copy.Retain, one.Copy.IsOfBurst, one.Copy.Share,
                string.Join('+', one.Copy.Identifiers), one.Copy.Message.Topic.Name, one.Copy.Message.QoS, one.Copy.Message.Retain,
                one.Copy.Message.ExpiresAt, one.Copy.Message.Payload.Length,
                one.Copy.Message.Properties.Length));
            return $"{session}: {string.Join(", ", filters)}; {string.Join(", ", copies)}; {string.Join(' ', received.Order())}";
        }

        public void Change(int choice, long now)
        {
            if (HasEnded)
            {
                return;
            }

            var (kind, detail) = (choice % 12, choice / 12);
            switch (kind)
            {
                case 0 when detail % 8 == 0:
                    Log.End();
                    HasEnded = true;
                    break;
                case 0:
                    _session = _session with { ExpirySeconds = (uint)detail + 1 };
                    Log.Put(_session);
                    break;
                case 1:
                    var filter = $"f/{detail % 4}";
                    _subscriptions[filter] = new SubscriptionRecord(
                        filter, (QualityOfService)(detail % 3), detail % 2 == 0, detail % 5 == 0, [.. Enumerable.Range(1, detail % 3)]);
                    Log.PutSubscription(_subscriptions[filter]);
                    break;
                case 2:
                    _subscriptions.Remove($"f/{detail % 4}");
                    Log.DeleteSubscription($"f/{detail % 4}");
                    break;
                case 3 or 4:
                    var waiting = MakeCopy(detail, now);
                    _waiting.Add(waiting);
                    Log.PutMessage(waiting);
                    break;
                case 5 or 6:
                    var sent = MakeCopy(detail, now);
                    Log.PutMessage(sent);
                    Send(sent);
                    break;
                case 7 when _waiting.Count > 0:
                    var next = _waiting[0];
                    _waiting.RemoveAt(0);
                    Send(next);
                    break;
                case 8 when _sent.Count > 0:
                    var at = detail % _sent.Count;
                    if (_sent[at].State == DeliveryState.AwaitingPubRec)
                    {
                        _sent[at] = _sent[at] with { State = DeliveryState.AwaitingPubComp };
                        Log.PutDelivery(_sent[at].Copy.Sequence, _sent[at].PacketId, DeliveryState.AwaitingPubComp);
                    }

                    break;
                case 9 when _sent.Count > 0:
                    // Mostly the oldest, as clients do.
                    var done = detail % 3 == 0 ? detail % _sent.Count : 0;
                    Log.DeleteMessage(_sent[done].Copy.Sequence);
                    _sent.RemoveAt(done);
                    break;
                case 9 when _waiting.Count > 0:
                    Log.DeleteMessage(_waiting[0].Sequence);
                    _waiting.RemoveAt(0);
                    break;
                case 10:
                    _receivedId = (ushort)(detail % 7 == 0 ? 1 : _receivedId == ushort.MaxValue ? 1 : _receivedId + 1);
                    _received.Add(_receivedId);
                    Log.PutReceived(_receivedId);
                    break;
                case 11 when _received.Count > 0:
                    var released = detail % 4 == 0 ? _received.Max() : _received.Min();
                    _received.Remove(released);
                    Log.DeleteReceived(released);
                    break;
            }
        }

        public void Rewrite()
        {
            if (HasEnded)
            {
                return;
            }

            Log.BeginRewrite(_session, isConnected: true, TimeSpan.Zero);
            foreach (var subscription in _subscriptions.Values)
            {
                Log.PutSubscription(subscription);
            }

            foreach (var (copy, packetId, state) in _sent)
            {
                Log.PutAgain(copy, packetId, state);
            }

            foreach (var copy in _waiting)
            {
                Log.PutAgain(copy, 0, DeliveryState.Done);
            }

            foreach (var packetId in _received)
            {
                Log.PutReceived(packetId);
            }
        }

        public override string ToString() => Describe(
            _session, _subscriptions.Values, _sent.Concat(_waiting.Select(copy => (copy, (ushort)0, DeliveryState.Done))), _received);

        private void Send(QueuedMessage copy)
        {
            _packetId = _packetId == ushort.MaxValue ? (ushort)1 : (ushort)(_packetId + 1);
            var state = copy.QoS == QualityOfService.AtLeastOnce ? DeliveryState.AwaitingPubAck : DeliveryState.AwaitingPubRec;
            _sent.Add((copy, _packetId, state));
            Log.PutDelivery(copy.Sequence, _packetId, state);
        }

        private QueuedMessage MakeCopy(int detail, long now)
        {
            var topic = new Topic(MqttText.Encode($"t/{detail % 5}"), isListed: false, now);
            var message = new StoredMessage(
                topic, new byte[detail % 300], new byte[detail % 4], QualityOfService.ExactlyOnce,
                detail % 3 == 0 ? now + 10_000_000 : null)
            {
                Retain = detail % 7 == 0,
            };

            // QoS 0 messages take numbers too, and are not stored.
            _sequence += 1 + (detail % 3);
            return new QueuedMessage(
                message, (QualityOfService)(1 + (detail % 2)), detail % 5 == 0, [.. Enumerable.Range(3, detail % 2)], _sequence,
                Share: detail % 6 == 0 ? "$share/g/t" : null, IsOfBurst: detail % 4 == 0);
        }
    }
}
