using System.Text;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Store;
using Cassini.Streams.Store.Maintenance;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Store;

/// <summary>Stamps of a fleet in the journal, which a broker on its own does not write.</summary>
public class RetainedStampTests
{
    private static readonly RetainedStamp First = new(1UL << 40, ulong.MaxValue);
    private static readonly RetainedStamp Second = new((1UL << 40) + 1, 7);

    [Fact]
    public async Task Stamps_Written_AreReadBack()
    {
        var (groups, time) = (new List<(long Number, byte[] Bytes)>(), new VirtualClock().Time);
        await WriteAsync(groups, time, First);

        await using var next = new RunningJournal(() => new ListLedger(groups), time);
        var state = await next.LoadAsync();
        state.Retained.Select(kept => (kept.Message.Topic.Name, kept.Identity, kept.Stamp)).ShouldBe(
            [("kept", "alice", First), ("again", "bob", Second)], ignoreOrder: true);
        state.RetainedMarks.Select(mark => (MqttText.Decode(mark.Topic), mark.Stamp)).ShouldBe([("gone", First)]);
        state.RetainedFloor.ShouldBe(First);
    }

    // An older program skips what it does not know, and has the messages.
    [Fact]
    public async Task Stamps_Written_AreRecordsThatAnOlderVersionSkips()
    {
        var (groups, time) = (new List<(long Number, byte[] Bytes)>(), new VirtualClock().Time);
        await WriteAsync(groups, time, First);

        var records = groups.SelectMany(group => RecordDecoder.Read(group.Number, group.Bytes)).ToList();
        records.Where(record => record.Stamp is not null).ShouldAllBe(record => record.Type > RecordType.FirstSkippable);
        records.Count(record => record.Stamp is not null).ShouldBe(6);
    }

    [Fact]
    public async Task Changes_WithoutAFleet_HaveNoStamps()
    {
        var (groups, time) = (new List<(long Number, byte[] Bytes)>(), new VirtualClock().Time);
        await WriteAsync(groups, time, default);

        groups.SelectMany(group => RecordDecoder.Read(group.Number, group.Bytes))
            .ShouldAllBe(record => record.Type < RecordType.FirstSkippable);
        await using var next = new RunningJournal(() => new ListLedger(groups), time);
        var state = await next.LoadAsync();
        state.Retained.ShouldAllBe(kept => kept.Stamp == default);
        state.RetainedMarks.ShouldBeEmpty();
    }

    private static async Task WriteAsync(List<(long Number, byte[] Bytes)> groups, TimeProvider time, RetainedStamp stamp)
    {
        await using var running = new RunningJournal(() => new ListLedger(groups), time);
        await running.LoadAsync();
        IBrokerStore journal = running.Journal;

        // What another test has noted on this thread belongs to another journal.
        Durability.TakeNoted();
        journal.PutRetained(Message("kept"), "alice", stamp);
        journal.PutRetained(Message("gone"), "alice", stamp);
        journal.DeleteRetained("gone"u8.ToArray(), stamp);
        journal.DeleteRetained("again"u8.ToArray(), stamp);
        journal.PutRetained(Message("again"), "bob", stamp == default ? default : Second);
        if (stamp != default)
        {
            journal.PutRetainedFloor(stamp);
        }

        var ticket = Durability.TakeNoted();
        await Eventually.CompletesAsync(
            "it is durable", journal.Durability.WhenReachedAsync(ticket, TestContext.Current.CancellationToken));
    }

    private static StoredMessage Message(string topic) => new(
        new Topic(Encoding.UTF8.GetBytes(topic), isListed: false, 0), "x"u8.ToArray(), [], QualityOfService.AtLeastOnce, null)
    {
        Retain = true,
    };
}
