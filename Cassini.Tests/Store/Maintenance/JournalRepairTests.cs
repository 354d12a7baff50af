using System.Globalization;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Store.Ledgers;
using Cassini.Streams.Store.Ledgers.Sqlite;
using Cassini.Streams.Store.Maintenance;
using Cassini.Tests.Support;

namespace Cassini.Tests.Store.Maintenance;

/// <summary>A group in the middle is lost: the message of the start, what check says, and what each repair keeps.</summary>
public sealed class JournalRepairTests : IAsyncLifetime
{
    private readonly TempDirectory _directory = new();
    private List<string> _prefixes = [];

    private string Store => _directory.File("store");

    private string Repaired => _directory.File("repaired");

    public async ValueTask InitializeAsync()
    {
        await SampleJournal.WriteAsync(Store, TimeProvider.System);
        _prefixes = await SampleJournal.PrefixesAsync(Store, TimeProvider.System);
    }

    public ValueTask DisposeAsync()
    {
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Load_GroupIsDamaged_NamesItWithItsAgeItsClientsAndItsTopics()
    {
        Damage(8, last: true);
        var refused = await Should.ThrowAsync<LedgerDamagedException>(SampleJournal.LoadAsync(Store, TimeProvider.System));
        refused.IsForeign.ShouldBeFalse();
        refused.Message.ShouldMatch(
            @"^group 8: its check sum is wrong\. It says that it was written at 20.*Z \(.* ago\)\. "
            + @"As far as it can be read it is about client 'a' and topic 't/2'\.$");
    }

    [Fact]
    public void Check_GroupIsDamaged_SaysSoAndWhatEachRepairKeeps()
    {
        Damage(8, last: true);
        var report = JournalRig.Inspect(Store).Report.ShouldNotBeNull();
        var problem = report.Problems.ShouldHaveSingleItem();
        (problem.First, problem.Last).ShouldBe((8, 8));
        problem.After.ShouldNotBeNull();
        problem.Before.ShouldNotBeNull();
        problem.Trace.Topics.ShouldBe(["t/2"]);
        (report.Groups, report.GroupsBeforeHole).ShouldBe((SampleJournal.Steps, 7));
        report.Touched.ShouldBe(["a"]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(SampleJournal.Steps)]
    public async Task Repair_Cut_IsTheStateBeforeTheDamage(int group)
    {
        Damage(group, last: true);
        var files = JournalRig.FilesOf(Store);
        var result = await JournalRig.RepairAsync(Store, Repaired, RepairMode.Cut);
        (result.Kept, result.Dropped).ShouldBe((group - 1, SampleJournal.Steps - group));
        (await SampleJournal.LoadAsync(Repaired, TimeProvider.System)).ShouldBe(_prefixes[group - 1]);
        JournalRig.FilesOf(Store).ShouldBe(files);
    }

    [Theory]
    [InlineData("UPDATE groups SET data = zeroblob(length(data)) WHERE number = 8")]
    [InlineData("DELETE FROM groups WHERE number = 8")]
    public async Task Repair_Skip_LacksNothingButTheLostGroup(string damage)
    {
        Execute(damage);
        var result = await JournalRig.RepairAsync(Store, Repaired, RepairMode.Skip);
        (result.Kept, result.Dropped).ShouldBe((SampleJournal.Steps - 1, 0));
        var text = await SampleJournal.LoadAsync(Repaired, TimeProvider.System);
        text.ShouldBe(string.Join('\n', _prefixes[^1].Split('\n').Select(WithoutTheSecondMessage)));
        JournalRig.Inspect(Repaired).Report.ShouldNotBeNull().Problems.ShouldBeEmpty();
    }

    /// <summary>What follows is about a session of which the beginning is lost.</summary>
    [Fact]
    public void Check_BeginningOfASessionIsLost_NamesItsNumber()
    {
        Execute("DELETE FROM groups WHERE number = 10");
        JournalRig.Inspect(Store).Report.ShouldNotBeNull().Touched.ShouldBe(["session 3"]);
    }

    [Fact]
    public void Check_LastGroupsAreLost_SaysWhichTheLastRunHad()
    {
        Execute("DELETE FROM groups WHERE number > 12");
        var problem = JournalRig.Inspect(Store).Report.ShouldNotBeNull().Problems.ShouldHaveSingleItem();
        (problem.Text, problem.First, problem.Last).ShouldBe(("missing at the end", 13, SampleJournal.Steps));
    }

    [Fact]
    public async Task Repair_TargetExists_IsRefusedAndUntouched()
    {
        Damage(8, last: true);
        Directory.CreateDirectory(Repaired);
        File.WriteAllText(Path.Combine(Repaired, "precious"), "");
        (await Should.ThrowAsync<IOException>(JournalRig.RepairAsync(Store, Repaired, RepairMode.Skip)))
            .Message.ShouldBe($"{Repaired} exists already: name a directory that does not.");
        Directory.GetFileSystemEntries(Repaired).ShouldHaveSingleItem();
    }

    /// <summary>Without these ends the client would have two sessions, and a packet identifier two messages.</summary>
    [Fact]
    public void LostEnds_OfWhatIsContradicted_AreFound()
    {
        var message = new StoredMessage(new Topic("t"u8.ToArray(), isListed: false, 0), [], [], default, null);
        (QueuedMessage, ushort, DeliveryState) Sent(long sequence, ushort id) =>
            (new QueuedMessage(message, default, false, [], sequence), id, DeliveryState.AwaitingPubAck);
        SessionState Session(string client, params (QueuedMessage, ushort, DeliveryState)[] messages) => new(
            NoSessionStore.Instance, new SessionRecord(client, "alice", 60), TimeSpan.Zero, [], [.. messages], null, []);
        var state = new BrokerState(
            [Session("a"), Session("b", Sent(1, 9), Sent(2, 10), Sent(3, 65_535), Sent(4, 1), Sent(5, 9)), Session("a")], [], []);

        var (changes, ended, copies) = LostEnds.Of(state, [4, 5, 6]);

        ended.ShouldBe(["a"]);
        copies.ShouldBe(1);
        changes.Select(one => (one.Change.Type, one.Change.Session, one.Change.Number)).ShouldBe(
            [(Cassini.Streams.Store.RecordType.SessionEnd, 4u, 0L), (Cassini.Streams.Store.RecordType.CopyEnd, 5u, 1L)]);
    }

    [Fact]
    public async Task Compact_SoundJournal_KeepsTheStateAndNothingElse()
    {
        Execute("INSERT INTO groups VALUES (1000, 0, zeroblob(2000000)); DELETE FROM groups WHERE number = 1000");
        var before = new FileInfo(Path.Combine(Store, "journal.db")).Length;
        await JournalCompaction.RunAsync(Store, TimeProvider.System, TestContext.Current.CancellationToken);
        var report = JournalRig.Inspect(Store).Report.ShouldNotBeNull();
        report.Problems.ShouldBeEmpty();
        report.Groups.ShouldBe(1);
        report.First.ShouldBe(SampleJournal.Steps + 1);
        report.FileBytes.ShouldBeLessThan(before - 2_000_000 + 8_192);
        (await SampleJournal.LoadAsync(Store, TimeProvider.System)).ShouldBe(_prefixes[^1]);
    }

    [Fact]
    public async Task Compact_AgainAndAgain_StaysTheSame()
    {
        for (var time = 0; time < 3; time++)
        {
            await JournalCompaction.RunAsync(Store, TimeProvider.System, TestContext.Current.CancellationToken);
        }

        (await SampleJournal.LoadAsync(Store, TimeProvider.System)).ShouldBe(_prefixes[^1]);
    }

    [Fact]
    public async Task Compact_DamagedJournal_IsRefusedAndLosesNothing()
    {
        Damage(8, last: false);
        await Should.ThrowAsync<LedgerDamagedException>(
            JournalCompaction.RunAsync(Store, TimeProvider.System, TestContext.Current.CancellationToken));
        JournalRig.Inspect(Store).Report.ShouldNotBeNull().Groups.ShouldBe(SampleJournal.Steps);
    }

    /// <summary>Flips a bit of a group: of its last byte, or of its time.</summary>
    private void Damage(int group, bool last)
    {
        var at = last ? "length(data)" : "17";
        Execute(string.Create(
            CultureInfo.InvariantCulture,
            $"UPDATE groups SET data = CAST(substr(data, 1, {at} - 1) || x'5B' || substr(data, {at} + 1) AS BLOB) WHERE number = {group}"));
    }

    private void Execute(string sql)
    {
        using var database = Database.Open(Path.Combine(Store, "journal.db"));
        database.Execute(sql);
        database.CheckpointAndTruncate();
    }

    private static string WithoutTheSecondMessage(string line)
    {
        if (!line.StartsWith("session a ", StringComparison.Ordinal))
        {
            return line;
        }

        var begin = line.IndexOf("[#2 ", StringComparison.Ordinal) + 1;
        return line.Remove(begin, line.IndexOf('#', begin + 1) - begin);
    }
}
