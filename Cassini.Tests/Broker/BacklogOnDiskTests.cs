using System.Globalization;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Mqtt.Packets;
using Cassini.Streams.Mqtt.Properties;
using Cassini.Streams.Quotas;
using Cassini.Streams.Store.Ledgers;
using Cassini.Tests.Store;
using Cassini.Tests.Store.Ledgers;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Broker;

/// <summary>What waits for a client beyond what memory may have lies in the journal alone, and comes all the same.</summary>
public class BacklogOnDiskTests
{
    private const int Messages = 400;
    private const int InMemory = 8 * 1024;

    /// <summary>More than may be in memory.</summary>
    private const int More = 150;
    private const long Tolerance = 4096;

    /// <summary>What may be in memory, with the slots of these messages, and an index of all: 13 bytes each, in whole blocks.</summary>
    private const long AtMost = (3 * InMemory) + (Messages * 20);

    private readonly List<(long Number, byte[] Bytes)> _groups = [];
    private readonly VirtualClock _clock = new();

    [Theory]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    public async Task Publish_ToAnAbsentClient_CostsAnIndexAndComesInOrder(QualityOfService qos)
    {
        await using var running = Running();
        await using var rig = await RigAsync(running);
        await SubscribeAndLeaveAsync(rig);
        var before = rig.Broker.Budget.Used;

        await PublishAsync(rig, qos, 0, Messages);

        // The publisher may have its answer a moment before.
        await Eventually.HoldsAsync("what is durable leaves memory", () => rig.Broker.Budget.Used - before < AtMost);
        Backlog(rig).ShouldBe(Messages);
        var keeper = (await rig.OpenAsync("keeper", change: BrokerRig.Lasting)).Client;
        await ExpectAsync(keeper, 0, Messages);
        await Eventually.HoldsAsync("nothing waits", () => Backlog(rig) == 0);
        rig.Broker.Budget.Used.ShouldBeInRange(before - Tolerance, before + Tolerance);
    }

    [Fact]
    public async Task Load_ALongBacklog_IsLeftOnDiskAndComesInOrder()
    {
        long before;
        await using (var running = Running())
        {
            await using var rig = await RigAsync(running);
            await SubscribeAndLeaveAsync(rig);
            before = rig.Broker.Budget.Used;
            await PublishAsync(rig, QualityOfService.AtLeastOnce, 0, Messages);
        }

        await using var again = Running();
        await using var next = await RigAsync(again);
        Backlog(next).ShouldBe(Messages);
        (next.Broker.Budget.Used - before).ShouldBeLessThan(AtMost, "most of it is not loaded");
        await PublishAsync(next, QualityOfService.AtLeastOnce, Messages, 10);
        var keeper = (await next.OpenAsync("keeper", change: BrokerRig.Lasting)).Client;
        await ExpectAsync(keeper, 0, Messages + 10);
    }

    [Fact]
    public async Task Rewrite_ALongBacklog_IsWrittenAnewAndComes()
    {
        await using var running = Running();
        await using var rig = await RigAsync(running);
        await SubscribeAndLeaveAsync(rig);
        await PublishAsync(rig, QualityOfService.AtLeastOnce, 0, Messages);
        var last = _groups[^1].Number;

        await rig.Broker.Rewriter.RewriteAsync(TestContext.Current.CancellationToken);
        await CommitAsync(running);
        _groups[0].Number.ShouldBeGreaterThan(last, "what was written before is dropped");

        await ExpectAsync((await rig.OpenAsync("keeper", change: BrokerRig.Lasting)).Client, 0, Messages);
    }

    /// <summary>A client that comes back for the last time gets all, though its session is to end with the connection.</summary>
    [Fact]
    public async Task Connect_SessionIsToEndWithIt_GetsTheBacklogAndIsForgotten()
    {
        await using (var running = Running())
        {
            await using var rig = await RigAsync(running);
            await SubscribeAndLeaveAsync(rig);
            await PublishAsync(rig, QualityOfService.AtLeastOnce, 0, Messages);
            var keeper = await rig.OpenAsync("keeper", change: connect => connect with { CleanStart = false });
            keeper.Answer!.SessionPresent.ShouldBeTrue();
            await rig.Broker.Rewriter.RewriteAsync(TestContext.Current.CancellationToken);
            await ExpectAsync(keeper.Client, 0, Messages / 2);
        }

        // The process was killed meanwhile, and so the connection has ended.
        await using var again = Running();
        await using var next = await RigAsync(again);
        next.Broker.Sessions.Find("keeper").ShouldBeNull();
        Backlog(next).ShouldBe(0);
    }

    [Fact]
    public async Task End_OfAMemberWithABacklog_OthersGetIt()
    {
        await using var running = Running();
        await using var rig = await RigAsync(running);
        var member = await rig.OpenAsync("member", change: BrokerRig.Lasting);
        await member.Client.SubscribeAsync("$share/g/t");
        await member.DisconnectAsync();
        await PublishAsync(rig, QualityOfService.AtLeastOnce, 0, Messages);
        var other = (await rig.OpenAsync("other", change: BrokerRig.Lasting)).Client;
        await other.SubscribeAsync("$share/g/t");

        await rig.ConnectAsync("member");

        await ExpectAsync(other, 0, Messages);
        await Eventually.HoldsAsync("nothing is left of the session that ended", () => Backlog(rig) == 0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(Messages)]
    public async Task End_OfAMemberWhileItsBacklogIsWritten_OthersGetItAll(int written)
    {
        var goOn = new TaskCompletionSource();
        var ledger = new FaultyLedger(new ListLedger(_groups));
        await using var running = Running(() => ledger);
        await using var rig = await RigAsync(running);
        await SubscribeAndLeaveAsync(rig, "member", "$share/g/t");
        await PublishAsync(rig, QualityOfService.AtLeastOnce, 0, written);
        ledger.OnAppend = async _ =>
        {
            await goOn.Task;
            return LedgerFault.None;
        };
        var publisher = await rig.OpenAsync("p", identity: "bob");
        for (var i = written; i < written + More; i++)
        {
            await publisher.Client.SendAsync(publisher.Client.Publish("t", Text(i), QualityOfService.AtLeastOnce, (ushort)(i + 1)));
        }

        await publisher.ReadAsync();
        var other = await rig.ConnectAsync("other");
        await other.SubscribeAsync("$share/g/t");
        var ending = rig.ConnectAsync("member");

        try
        {
            await ExpectAsync(other, 0, written + More);
        }
        finally
        {
            goOn.SetResult();
        }

        await Eventually.CompletesAsync("its client is connected anew", ending);
    }

    /// <summary>What a full disk keeps from being handed on is left to the next start: nothing waits for it behind a stop.</summary>
    [Fact]
    public async Task End_OfAMemberOnAFullDisk_IsGivenUpWhenTheStoreIsClosed()
    {
        var ledger = new FaultyLedger(new ListLedger(_groups));
        await using var running = Running(() => ledger);
        await using var rig = await RigAsync(running);
        await SubscribeAndLeaveAsync(rig, "member", "$share/g/t");
        await PublishAsync(rig, QualityOfService.AtLeastOnce, 0, Messages);
        ledger.OnAppend = static _ => new(LedgerFault.FullButForReserve);
        var publisher = await rig.ConnectAsync("p", identity: "bob");
        await publisher.PublishAsync("t", "the one that finds it out", QualityOfService.AtLeastOnce);
        await Eventually.HoldsAsync("it is full", () => running.Journal.Refusal is not null);
        await (await rig.OpenAsync("member")).DisconnectAsync();
        var account = rig.Accounts.All.Single(account => account.Identity == "alice");
        var references = account.References;

        await running.EndRunAsync();
        await running.Journal.DisposeAsync();

        await Eventually.HoldsAsync("nothing is handed on", () => account.References == references - 1);
    }

    /// <summary>Without room in memory, what is acknowledged is kept all the same.</summary>
    [Fact]
    public async Task Publish_IdentityHasItsShareOfMemory_IsKeptOnDisk()
    {
        await using var running = Running();
        await using var rig = await RigAsync(running, new QuotaOptions { Memory = Share.Of(64 * 1024) }, inMemory: 1 << 20);
        await SubscribeAndLeaveAsync(rig, "keeper");
        await PublishAsync(rig, QualityOfService.AtLeastOnce, 0, Messages);

        rig.Broker.Statistics.Dropped.ShouldBe(0);
        await ExpectAsync((await rig.OpenAsync("keeper", change: BrokerRig.Lasting)).Client, 0, Messages);
    }

    /// <summary>
    /// QoS 0 messages that must not overtake a backlog wait in memory, in their places, until their identity has its share. What is lost
    /// then is counted, and costs the others nothing.
    /// </summary>
    [Fact]
    public async Task Publish_QoS0BehindABacklogBeyondTheShareOfMemory_IsDroppedAndTheRestComesInOrder()
    {
        const int Live = 120;
        const int Memory = 96 * 1024;
        await using var running = Running();
        await using var rig = await RigAsync(running, new QuotaOptions { Memory = Share.Of(Memory) });
        var publisher = await rig.ConnectAsync("publisher", identity: "bob");
        await publisher.PublishAsync("r", "retained", QualityOfService.AtLeastOnce, retain: true);
        var keeper = (await rig.OpenAsync("keeper", change: OneAtATime)).Client;
        await keeper.SubscribeAsync("t");
        for (var i = 0; i < Messages; i++)
        {
            await publisher.PublishAsync("t", Text(i), QualityOfService.AtLeastOnce);
        }

        await keeper.SendAsync(new SubscribePacket(1, [new("r", QualityOfService.AtLeastOnce, false, false, RetainHandling.Send)],
            PropertySet.Empty).Write(ProtocolVersion.V500));
        var first = await keeper.ExpectPublishAsync("t", Text(0));
        (await keeper.ExpectAsync<SubAckPacket>()).Reasons.ShouldBe([ReasonCode.GrantedQoS1]);
        for (var i = 0; i < Live; i++)
        {
            await publisher.PublishAsync("r", $"{i:0000}{new string('x', 1024)}");
        }

        // It is stored all the same, and says that the others have been handled.
        await publisher.PublishAsync("t", Text(Messages), QualityOfService.AtLeastOnce);
        var dropped = (int)rig.Broker.Counters.DroppedQoS0;
        dropped.ShouldBeInRange(Live / 4, Live * 3 / 4);
        rig.Accounts.All.Single(account => account.Identity == "alice").Held(CapacityResource.Memory).ShouldBeLessThan(Memory + 4096);

        await keeper.AckAsync(PacketType.PubAck, first.PacketId);
        await ExpectAsync(keeper, 1, Messages - 1);
        var retained = await keeper.ExpectPublishAsync("r", "retained");
        await keeper.AckAsync(PacketType.PubAck, retained.PacketId);
        for (var i = 0; i < Live - dropped; i++)
        {
            (await keeper.ExpectAsync<ReceivedPublish>()).Text.ShouldStartWith($"{i:0000}x");
        }

        await ExpectAsync(keeper, Messages, 1);
        rig.Broker.Counters.DroppedQoS0.ShouldBe(dropped);

        static ConnectPacket OneAtATime(ConnectPacket connect) =>
            connect with { CleanStart = false, Properties = new PropertySet { SessionExpiryInterval = 3600, ReceiveMaximum = 1 } };
    }

    [Theory]
    [InlineData("session")]
    [InlineData("identity")]
    public async Task Publish_NoDiskIsLeft_DropsWhatIsTooMuch(string limit)
    {
        await using var running = Running();
        await using var rig = limit == "session"
            ? await RigAsync(running, onDisk: 4 * 1024)
            : await RigAsync(running, new QuotaOptions { Disk = Share.Of(4 * 1024) });
        await SubscribeAndLeaveAsync(rig);
        await PublishAsync(rig, QualityOfService.AtLeastOnce, 0, Messages);

        var dropped = rig.Broker.Statistics.Dropped;
        dropped.ShouldBeInRange(Messages / 4, Messages - 1);
        await ExpectAsync((await rig.OpenAsync("keeper", change: BrokerRig.Lasting)).Client, 0, Messages - (int)dropped);
        rig.Accounts.All.ShouldAllBe(account => account.Held(CapacityResource.Disk) == 0);
    }

    /// <summary>A journal that cannot be read does not end the session: it goes on when it can.</summary>
    [Fact]
    public async Task Read_Fails_IsSaidAndTriedAgain()
    {
        var ledger = new FaultyLedger(new ListLedger(_groups));
        await using var running = Running(() => ledger);
        await using var rig = await RigAsync(running);
        await SubscribeAndLeaveAsync(rig);
        await PublishAsync(rig, QualityOfService.AtLeastOnce, 0, Messages);
        ledger.OnFind = static _ => throw new IOException("It cannot be read, says the test.");

        var keeper = (await rig.OpenAsync("keeper", change: BrokerRig.Lasting)).Client;
        const string Said = "1 client cannot get what waits in the journal: It cannot be read, says the test.";
        await Eventually.HoldsAsync("the check says it", () => running.Journal.Sample().ReadFailure == Said);
        ledger.OnFind = static _ => ValueTask.CompletedTask;

        // It is said a moment before the pause begins.
        await Eventually.HoldsAsync("it is tried again", () =>
        {
            rig.Advance(0.5);
            return running.Journal.Sample().ReadFailure is null;
        });

        await ExpectAsync(keeper, 0, Messages);
    }

    /// <summary>A session that cannot be written anew keeps all that was written before, and holds up no other.</summary>
    [Fact]
    public async Task Rewrite_BacklogCannotBeRead_EndsAndDropsNothing()
    {
        var ledger = new FaultyLedger(new ListLedger(_groups));
        await using var running = Running(() => ledger);
        await using var rig = await RigAsync(running);
        await SubscribeAndLeaveAsync(rig);
        await PublishAsync(rig, QualityOfService.AtLeastOnce, 0, Messages);
        var first = _groups[0].Number;
        ledger.OnFind = static _ => throw new IOException("It cannot be read, says the test.");

        var rewriting = rig.Broker.Rewriter.RewriteAsync(TestContext.Current.CancellationToken).AsTask();
        await Eventually.HoldsAsync("it goes on", () =>
        {
            rig.Advance(1);
            return rewriting.IsCompleted;
        });
        await rewriting;
        await CommitAsync(running);
        _groups[0].Number.ShouldBe(first);
        ledger.OnFind = static _ => ValueTask.CompletedTask;
        await ExpectAsync((await rig.OpenAsync("keeper", change: BrokerRig.Lasting)).Client, 0, Messages);
    }

    /// <summary>Between two readings nobody knows better.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Read_HasFailed_IsSaidUntilOneSucceedsOrTheSessionEnds(bool ends)
    {
        var ledger = new FaultyLedger(new ListLedger(_groups));
        await using var running = Running(() => ledger);
        await using var rig = await RigAsync(running);
        await SubscribeAndLeaveAsync(rig);
        await PublishAsync(rig, QualityOfService.AtLeastOnce, 0, Messages);
        ledger.OnFind = static _ => throw new IOException("It cannot be read, says the test.");

        var rewriting = rig.Broker.Rewriter.RewriteAsync(TestContext.Current.CancellationToken).AsTask();
        await Eventually.HoldsAsync("it is given up", () =>
        {
            rig.Advance(1);
            return rewriting.IsCompleted;
        });
        await rewriting;
        running.Journal.Sample().ReadFailure.ShouldNotBeNull();

        ledger.OnFind = static _ => ValueTask.CompletedTask;
        var keeper = (await rig.OpenAsync("keeper", change: ends ? null : BrokerRig.Lasting)).Client;
        await ExpectAsync(keeper, 0, ends ? 0 : Messages);
        running.Journal.Sample().ReadFailure.ShouldBeNull();
    }

    /// <summary>Its backlog is read from where it lay before the rewrite.</summary>
    [Fact]
    public async Task End_OfAMemberWhileItIsWrittenAnew_OthersGetItsBacklog()
    {
        var (ofRewrite, ofHandOver) = (new TaskCompletionSource(), new TaskCompletionSource());
        var (first, readings) = (0L, 0);
        var ledger = new FaultyLedger(new ListLedger(_groups));
        await using var running = Running(() => ledger);
        await using var rig = await RigAsync(running);
        await SubscribeAndLeaveAsync(rig, "member", "$share/g/t");
        await PublishAsync(rig, QualityOfService.AtLeastOnce, 0, Messages);
        var other = await rig.ConnectAsync("other");
        await other.SubscribeAsync("$share/g/t");
        ledger.OnFind = async number =>
        {
            // A reading begins with the oldest group: first the one of the rewrite, and then the one of what is handed on.
            first = first == 0 ? number : first;
            if (number == first)
            {
                await (Interlocked.Increment(ref readings) == 1 ? ofRewrite.Task : ofHandOver.Task);
            }
        };

        var rewriting = rig.Broker.Rewriter.RewriteAsync(TestContext.Current.CancellationToken).AsTask();
        await Eventually.HoldsAsync("its backlog is read to be written anew", () => Volatile.Read(ref readings) == 1);
        await rig.ConnectAsync("member");
        ofRewrite.SetResult();
        await Eventually.CompletesAsync("the rewrite ends", rewriting);
        await CommitAsync(running);
        ofHandOver.SetResult();

        await ExpectAsync(other, 0, Messages);
    }

    /// <summary>On a full disk nothing more is stored for a session that is to end with its connection, and is stored until then.</summary>
    [Fact]
    public async Task Publish_DiskIsFullForASessionThatIsToEnd_IsRefused()
    {
        var ledger = new FaultyLedger(new ListLedger(_groups));
        await using var running = Running(() => ledger);
        await using var rig = await RigAsync(running);
        await SubscribeAndLeaveAsync(rig);
        await PublishAsync(rig, QualityOfService.AtLeastOnce, 0, Messages);
        await rig.OpenAsync("keeper", change: connect => connect with { CleanStart = false });
        var publisher = await rig.ConnectAsync("p", identity: "bob");
        ledger.OnAppend = static _ => new(LedgerFault.FullButForReserve);
        await publisher.PublishAsync("t", "the one that finds it out", QualityOfService.AtLeastOnce);
        await Eventually.HoldsAsync("it is full", () => running.Journal.Refusal is not null);

        (await publisher.PublishAsync("t", "x", QualityOfService.AtLeastOnce)).ShouldBe(ReasonCode.QuotaExceeded);
    }

    /// <summary>Two commits: what was to be dropped after the first one is dropped before the second.</summary>
    private static async Task CommitAsync(RunningJournal running)
    {
        for (var i = 0; i < 2; i++)
        {
            // What another test has noted on this thread belongs to another journal.
            Durability.TakeNoted();
            running.Journal.PutWill(new("w", "alice", [], default, [], default, false, null, 0));
            await Eventually.CompletesAsync(
                "it is durable", running.Durability.WhenReachedAsync(Durability.TakeNoted(), TestContext.Current.CancellationToken));
        }
    }

    private RunningJournal Running(Func<ILedger>? ledgers = null) => new(ledgers ?? (() => new ListLedger(_groups)), _clock.Time);

    private async Task<BrokerRig> RigAsync(
        RunningJournal running, QuotaOptions? quota = null, long inMemory = InMemory, long onDisk = 1 << 30)
    {
        var rig = new BrokerRig(
            options => options with { MaxQueuedInMemory = inMemory, MaxQueuedOnDisk = onDisk }, running.Journal, _clock, quota: quota);
        await rig.Broker.LoadAsync(TestContext.Current.CancellationToken);
        _ = running.Run();
        return rig;
    }

    private static async Task SubscribeAndLeaveAsync(BrokerRig rig, string clientId = "keeper", string filter = "t")
    {
        var keeper = await rig.OpenAsync(clientId, change: BrokerRig.Lasting);
        await keeper.Client.SubscribeAsync(filter);
        await keeper.DisconnectAsync();
    }

    private static async Task PublishAsync(BrokerRig rig, QualityOfService qos, int first, int count)
    {
        var publisher = await rig.ConnectAsync("publisher", identity: "bob");
        for (var i = first; i < first + count; i++)
        {
            (await publisher.PublishAsync("t", Text(i), qos)).ShouldBe(ReasonCode.Success);
        }

        await publisher.DisconnectAsync();
    }

    /// <summary>All come in their order, and are acknowledged.</summary>
    private static async Task ExpectAsync(MqttTestClient client, int first, int count)
    {
        var (next, toRelease) = (first, 0);
        while (next < first + count || toRelease > 0)
        {
            switch (await client.ReadAsync($"message {next} comes"))
            {
                case ReceivedPublish message:
                    message.Text.ShouldBe(Text(next++));
                    toRelease += message.QoS == QualityOfService.ExactlyOnce ? 1 : 0;
                    var type = message.QoS == QualityOfService.AtLeastOnce ? PacketType.PubAck : PacketType.PubRec;
                    await client.AckAsync(type, message.PacketId);
                    break;
                case AckPacket { Type: PacketType.PubRel } release:
                    await client.AckAsync(PacketType.PubComp, release.PacketId);
                    toRelease--;
                    break;
                case var other:
                    throw new InvalidOperationException($"{other} was not to come.");
            }
        }
    }

    private static long Backlog(BrokerRig rig) => rig.Broker.Sessions.All.Sum(session => (long)session.Deliveries.Backlog);

    private static string Text(int number) => string.Create(CultureInfo.InvariantCulture, $"{number:0000} and some more text");
}
