using System.Text;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Store;
using Cassini.Tests.Store.Ledgers;
using Cassini.Tests.Support;

namespace Cassini.Tests.Store.Maintenance;

/// <summary>A journal with something of everything, written in steps. Each step is one group, with the number of the step.</summary>
internal sealed class SampleJournal : IAsyncDisposable
{
    /// <summary>How many steps there are.</summary>
    public const int Steps = 14;

    private static readonly Action<SampleJournal>[] Changes =
    [
        it => it.Open("a", "alice").PutSubscription(Subscribe("t/+", QualityOfService.ExactlyOnce, 3, 4)),
        it => it.Open("b/β", "bob").PutSubscription(Subscribe("$share/g/t/#", QualityOfService.AtLeastOnce)),
        it => it.Publish("t/1", "first", ("a", 1), ("b/β", 1)),
        it => it["a"].PutDelivery(1, 1, DeliveryState.AwaitingPubRec),
        it => it._journal.PutRetained(Message("r/1", "kept"), "alice", default),
        it => it._journal.PutWill(Will("a")),
        it => it["a"].PutReceived(65_535),
        it => it.Publish("t/2", new string('x', 3_000), ("a", 2)),
        it =>
        {
            it["a"].PutDelivery(2, 2, DeliveryState.AwaitingPubAck);
            it["a"].PutDelivery(1, 1, DeliveryState.AwaitingPubComp);
        },
        it => it.Open("c", "carol").PutSubscription(Subscribe("r/#", QualityOfService.AtMostOnce)),
        it => it["a"].DeleteMessage(1),
        it => it["b/β"].End(),
        it =>
        {
            it._journal.PutRetained(Message("r/2", "later"), "bob", default);
            it._journal.DeleteRetained(TopicOf("r/1").Utf8, default);
        },
        it => it.Publish("t/3", "last", ("a", 3), ("c", 1)),
    ];

    private readonly RunningJournal _running;
    private readonly Journal _journal;
    private readonly Dictionary<string, ISessionStore> _sessions;
    private int _done;

    private SampleJournal(RunningJournal running, BrokerState state, int done)
    {
        _running = running;
        _journal = running.Journal;
        _sessions = state.Sessions.ToDictionary(session => session.Session.ClientId, session => session.Store);
        _done = done;
    }

    private ISessionStore this[string client] => _sessions[client];

    /// <summary>Opens the journal in a directory.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="time">The clock.</param>
    /// <param name="done">How many steps it has.</param>
    public static async Task<SampleJournal> OpenAsync(string directory, TimeProvider time, int done = 0)
    {
        var journal = Make(directory, time);
        return new SampleJournal(journal, await journal.LoadAsync(), done);
    }

    /// <summary>A whole one that was closed.</summary>
    public static async Task WriteAsync(string directory, TimeProvider time)
    {
        await using var journal = await OpenAsync(directory, time);
        await journal.StepAsync(Steps);
    }

    /// <summary>What a broker that starts on a directory gets.</summary>
    public static async Task<string> LoadAsync(string directory, TimeProvider time)
    {
        await using var journal = Make(directory, time);
        return StateText.Of(await journal.LoadAsync());
    }

    /// <summary>What the first groups of it say, for any number of them: the first is for none.</summary>
    public static async Task<List<string>> PrefixesAsync(string directory, TimeProvider time)
    {
        await using var ledger = LedgerRig.Create(directory);
        await ledger.OpenAsync();
        var groups = await ledger.GroupsAsync();
        var texts = new List<string>();
        for (var count = 0; count <= groups.Count; count++)
        {
            var replay = new JournalReplay(time);
            foreach (var (number, bytes) in groups.Take(count))
            {
                replay.Apply(number, bytes);
            }

            texts.Add(StateText.Of(replay.ToState(_ => NoSessionStore.Instance)));
        }

        return texts;
    }

    /// <summary>Makes the next steps, each of which is durable then.</summary>
    public async Task StepAsync(int count = 1)
    {
        for (; count > 0; count--)
        {
            // What another test has noted on this thread belongs to another journal.
            Durability.TakeNoted();
            using (_journal.BeginUnit())
            {
                Changes[_done++](this);
            }

            var ticket = Math.Max(Durability.TakeNoted(), _sessions.Values.Max(session => session.LastTicket));
            await Eventually.CompletesAsync(
                $"step {_done} is durable", _journal.Durability.WhenReachedAsync(ticket, TestContext.Current.CancellationToken));
        }
    }

    public ValueTask DisposeAsync() => _running.DisposeAsync();

    private static RunningJournal Make(string directory, TimeProvider time) =>
        new(() => LedgerRig.Create(LedgerRig.Options(directory), time), time);

    private ISessionStore Open(string client, string identity)
    {
        var session = _journal.OpenSession(new SessionRecord(client, identity, 3_600));

        // A start writes that sessions are away now which were connected to the end: it would add a group.
        session.PutPresence(isConnected: client == "c");
        return _sessions[client] = session;
    }

    private void Publish(string topic, string payload, params (string Client, long Sequence)[] copies)
    {
        var message = Message(topic, payload);
        foreach (var (client, sequence) in copies)
        {
            this[client].PutMessage(new QueuedMessage(
                message, QualityOfService.AtLeastOnce, Retain: sequence == 2, [.. Enumerable.Range(5, (int)sequence % 2)], sequence,
                Share: client == "a" ? null : "$share/g/t/#"));
        }
    }

    private static StoredMessage Message(string topic, string payload) => new(
        TopicOf(topic), [0xFF, .. Encoding.UTF8.GetBytes(payload)], [0x01, 0x01], QualityOfService.ExactlyOnce, expiresAt: null)
    {
        Retain = topic.StartsWith('r'),
    };

    private static Topic TopicOf(string name) => new(MqttText.Encode(name), isListed: false, 0);

    private static SubscriptionRecord Subscribe(string filter, QualityOfService qos, params int[] identifiers) =>
        new(filter, qos, NoLocal: identifiers.Length > 0, RetainAsPublished: true, [.. identifiers]);

    private static WillRecord Will(string client) => new(
        client, "alice", MqttText.Encode("gone"), new byte[] { 1, 2, 3 }, [0x01, 0x00], QualityOfService.AtLeastOnce, Retain: true,
        Expiry: 77, Delay: 5);
}
