using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Store;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Store;

/// <summary>A commit waits a moment for more when few have sent much, and for nothing else.</summary>
public sealed class JournalGatheringTests : IAsyncDisposable
{
    private const int Many = 100;

    private readonly VirtualClock _clock = new();
    private readonly List<(long Number, byte[] Bytes)> _groups = [];
    private readonly RunningJournal _running;
    private long _sequence;

    public JournalGatheringTests() =>
        _running = new RunningJournal(
            () => new ListLedger(_groups), _clock.Time, new StoreOptions(), gathering: TimeSpan.FromMilliseconds(1));

    public ValueTask DisposeAsync() => _running.DisposeAsync();

    [Fact]
    public async Task Commit_AfterMuchFromOne_WaitsForMore()
    {
        var session = await BeginAsync();
        await WhenDurableAsync(session, messages: Many, waiters: 1);
        var (groups, timers) = (_groups.Count, _clock.Time.ArmedTimers);

        var first = PutAndWaitAsync(session, messages: 1, waiters: 1);
        await Eventually.HoldsAsync("the commit waits", () => _clock.Time.ArmedTimers > timers);
        var second = PutAndWaitAsync(session, messages: 1, waiters: 1);
        first.IsCompleted.ShouldBeFalse();
        _clock.AdvanceBy(TimeSpan.FromMilliseconds(1));

        await Eventually.CompletesAsync("both are durable", Task.WhenAll(first, second));
        _groups.Count.ShouldBe(groups + 1, "they are of one commit");
    }

    /// <summary>Those who wait for each answer would only wait longer.</summary>
    [Theory]
    [InlineData(Many, Many)]
    [InlineData(10, 1)]
    public async Task Commit_OtherwiseThanMuchFromFew_WaitsForNothing(int messages, int waiters)
    {
        var session = await BeginAsync();
        await WhenDurableAsync(session, messages, waiters);

        // Nothing advances the clock.
        await WhenDurableAsync(session, messages: 1, waiters: 1);
    }

    private async Task<ISessionStore> BeginAsync()
    {
        await _running.LoadAsync();
        var session = _running.Journal.OpenSession(new SessionRecord("c", "alice", 60));
        await WhenDurableAsync(session, messages: 0, waiters: 1);
        return session;
    }

    private Task WhenDurableAsync(ISessionStore session, int messages, int waiters) =>
        Eventually.CompletesAsync("it is durable", PutAndWaitAsync(session, messages, waiters));

    /// <summary>They are of one group: a unit holds it open.</summary>
    private Task PutAndWaitAsync(ISessionStore session, int messages, int waiters)
    {
        using var unit = _running.Journal.BeginUnit();
        for (var i = 0; i < messages; i++)
        {
            session.PutMessage(new QueuedMessage(
                new StoredMessage(new Topic("t"u8.ToArray(), isListed: false, 0), [], [], QualityOfService.AtLeastOnce, null),
                QualityOfService.AtLeastOnce, Retain: false, [], ++_sequence));
        }

        return Task.WhenAll(Enumerable.Range(0, waiters)
            .Select(_ => _running.Durability.WhenReachedAsync(session.LastTicket, TestContext.Current.CancellationToken)));
    }
}
