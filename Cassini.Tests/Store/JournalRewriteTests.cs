using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Store;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Store;

public class JournalRewriteTests
{
    [Fact]
    public async Task EndRewrite_SessionWasNotWrittenAnew_DropsNothingAndWantsNoOtherAtOnce()
    {
        var groups = new List<(long Number, byte[] Bytes)>();
        await using var running = new RunningJournal(
            () => new ListLedger(groups), new VirtualClock().Time, new StoreOptions { CompactBytes = 1 });
        await running.LoadAsync();
        var journal = running.Journal;
        var session = journal.OpenSession(new SessionRecord(new string('a', 2_000), "alice", 60));
        await Eventually.CompletesAsync(
            "it is durable", journal.Durability.WhenReachedAsync(session.LastTicket, TestContext.Current.CancellationToken));
        await Eventually.HoldsAsync("it is large", () => journal.WantsRewrite(long.MaxValue));

        journal.BeginRewrite();
        await Eventually.CompletesAsync("the end", journal.EndRewriteAsync(TestContext.Current.CancellationToken).AsTask());

        journal.WantsRewrite(long.MaxValue).ShouldBeFalse();
        groups[0].Number.ShouldBe(1);
    }
}
