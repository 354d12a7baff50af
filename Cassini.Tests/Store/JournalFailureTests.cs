using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Store;
using Cassini.Streams.Store.Ledgers;
using Cassini.Tests.Store.Ledgers;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Store;

/// <summary>A journal whose disk is full, fails or stands still, and whose committer crashes.</summary>
public class JournalFailureTests : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly VirtualClock _clock = new();
    private readonly List<(long Number, byte[] Bytes)> _groups = [];
    private readonly RecordingPublisher _events;
    private readonly RecordingLogger<Journal> _log = new();
    private readonly RunningJournal _running;
    private Func<long, LedgerFault> _fault = static _ => LedgerFault.None;
    private IOException? _checkpointFailure;
    private Action _trimmed = static () => { };
    private bool _freeFails;
    private long? _free;
    private int _opened;
    private int _tries;
    private int _looks;

    public JournalFailureTests()
    {
        _events = new RecordingPublisher(_clock.Time);
        _running = new RunningJournal(
            Make, _clock.Time, new StoreOptions { MinFreeBytes = 1_000, MaxBytes = 1 << 20 }, _events, Free, _log);
    }

    private Journal Journal => _running.Journal;

    public async ValueTask DisposeAsync()
    {
        _fault = static _ => LedgerFault.None;
        await _running.DisposeAsync();
    }

    [Fact]
    public async Task Append_DiskIsFullButForTheReserve_KeepsWhatItTookInAndRefusesMore()
    {
        await _running.LoadAsync();
        var session = await OpenSessionAsync();
        _fault = static _ => LedgerFault.FullButForReserve;

        session.PutSubscription(Subscription("a"));
        await DurableAsync(session);

        Journal.Refusal.ShouldBe("The disk is full, says the test.");
        var failed = _events.Of<StoreFailed>().Single();
        failed.ShouldBe(new StoreFailed(StoreProblem.Full, "The disk is full, says the test.") { Bytes = failed.Bytes });
        failed.Bytes.ShouldBe(_groups[0].Bytes.Length, "as much as there was then");
        session.PutSubscription(Subscription("b"));
        await DurableAsync(session);
        _events.Of<StoreFailed>().Count.ShouldBe(1);
    }

    /// <summary>What a failure leaves of the dead groups is counted as it is, so that the next rewrite comes when it is due.</summary>
    [Fact]
    public async Task Trim_FailsAfterItHasDroppedAll_IsFoundOut()
    {
        await _running.LoadAsync();
        var session = await OpenSessionAsync();
        session.PutSubscription(Subscription("a"));
        await DurableAsync(session);
        _trimmed = () =>
        {
            _trimmed = static () => { };
            throw new IOException("It cannot be cut, says the test.");
        };
        Journal.BeginRewrite();
        session.BeginRewrite(new SessionRecord("a", "alice", 60), isConnected: true, TimeSpan.Zero);
        await Eventually.CompletesAsync(
            "all is written anew", Journal.EndRewriteAsync(TestContext.Current.CancellationToken).AsTask());

        await Eventually.HoldsAsync("its size is known", () =>
        {
            session.PutSubscription(Subscription("b"));
            _clock.AdvanceBy(Pause);
            return Journal.Statistics.Bytes == _groups.ToArray().Sum(group => group.Bytes.Length);
        });
    }

    /// <summary>A look for room that fails unexpectedly ends the run, and the next one goes on.</summary>
    [Fact]
    public async Task Run_LookingForRoomEndsIt_TheNextOneCommits()
    {
        await _running.LoadAsync();
        var session = await OpenSessionAsync();
        _freeFails = true;
        _clock.AdvanceBy(2 * Pause);
        await Eventually.HoldsAsync("the run ends", () => _running.Current.IsFaulted);

        _freeFails = false;
        session.PutSubscription(Subscription("a"));
        _ = _running.Run();
        await DurableAsync(session);
    }

    [Fact]
    public async Task PutPresence_ManyTimes_IsWrittenOnce()
    {
        await _running.LoadAsync();
        var session = await OpenSessionAsync();
        using (Journal.BeginUnit())
        {
            for (var i = 0; i < 1_000; i++)
            {
                session.PutPresence(isConnected: i % 2 == 0);
            }
        }

        await DurableAsync(session);
        _groups[^1].Bytes.Length.ShouldBeLessThan(100);
    }

    [Fact]
    public async Task Append_DiskHasRoomAgainAndNothingComes_ResumesByItself()
    {
        await _running.LoadAsync();
        var session = await OpenSessionAsync();
        _fault = static _ => LedgerFault.FullButForReserve;
        session.PutSubscription(Subscription("a"));
        await DurableAsync(session);
        var groups = _groups.Count;

        // Looking whether there is room takes nothing of the reserve.
        await PassAsync(3);
        Journal.Refusal.ShouldNotBeNull();
        _groups.Count.ShouldBe(groups);

        _fault = static _ => LedgerFault.None;
        await UntilAsync("it resumes", () => Journal.Refusal is null);
        _events.Of<StoreResumed>().Single().After.ShouldBeGreaterThan(TimeSpan.Zero);
    }

    [Fact]
    public async Task Append_NothingIsLeftOfTheReserve_WaitsAndThenGoesOn()
    {
        await _running.LoadAsync();
        var session = await OpenSessionAsync();
        _fault = static _ => LedgerFault.Full;
        session.PutSubscription(Subscription("a"));
        await Eventually.HoldsAsync("it is full", () => Journal.Refusal is not null);

        await PassAsync(2);
        Journal.Durability.IsReached(session.LastTicket).ShouldBeFalse();

        _fault = static _ => LedgerFault.None;
        await UntilAsync("it is durable", () => Journal.Durability.IsReached(session.LastTicket));
        await UntilAsync("it resumes", () => Journal.Refusal is null);
    }

    [Theory]
    [InlineData(LedgerFault.Write)]
    [InlineData(LedgerFault.Flush)]
    internal async Task Append_DiskFails_OpensTheLedgerAnewAndWritesTheGroupOnce(LedgerFault fault)
    {
        await _running.LoadAsync();
        var session = await OpenSessionAsync();
        var failures = 2;
        _fault = _ => failures-- > 0 ? fault : LedgerFault.None;

        session.PutSubscription(Subscription("a"));
        await Eventually.HoldsAsync("it fails", () => Journal.Refusal is not null);
        _events.Of<StoreFailed>().Single().Problem.ShouldBe(StoreProblem.Failing);

        await UntilAsync("it is durable", () => Journal.Durability.IsReached(session.LastTicket));
        await UntilAsync("it resumes", () => Journal.Refusal is null);
        _opened.ShouldBeGreaterThan(1);
        _groups.Select(group => group.Number).ShouldBe([1, 2]);
        _events.Of<StoreFailed>().Count.ShouldBe(1);
    }

    [Fact]
    public async Task Run_ABugEndsIt_TheNextRunWritesWhatTheFirstHadTaken()
    {
        await _running.LoadAsync();
        var session = await OpenSessionAsync();
        var crashes = 1;
        _fault = _ => crashes-- > 0 ? throw new InvalidOperationException("a bug") : LedgerFault.None;
        var run = _running.Current;

        session.PutSubscription(Subscription("a"));
        (await Should.ThrowAsync<InvalidOperationException>(() => run)).Message.ShouldBe("a bug");
        Journal.Durability.IsReached(session.LastTicket).ShouldBeFalse();
        Journal.Refusal.ShouldBe("a bug");

        _ = _running.Run();
        await DurableAsync(session);
        await UntilAsync("it resumes", () => Journal.Refusal is null);
        _groups.Select(group => group.Number).ShouldBe([1, 2]);
    }

    [Fact]
    public async Task Space_LessRoomThanMustStayFree_RefusesAndKeepsTheRest()
    {
        _free = 5_000;
        await _running.LoadAsync();
        var session = await OpenSessionAsync();
        Journal.Sample().Warning.ShouldBeNull();

        _free = 3_999;
        Journal.Sample().Warning.ShouldBe("little room is left on the disk of the journal");
        Journal.Refusal.ShouldBeNull();

        _free = 999;
        await UntilAsync("it refuses", () => Journal.Refusal is not null);
        _events.Of<StoreFailed>().Single().Problem.ShouldBe(StoreProblem.Full);
        session.PutSubscription(Subscription("a"));
        await DurableAsync(session);
        Journal.Refusal.ShouldNotBeNull();

        // It ends a little later than it began.
        _free = 1_000;
        await PassTimeAsync();
        Journal.Refusal.ShouldNotBeNull();
        _free = 1_200;
        await UntilAsync("it resumes", () => Journal.Refusal is null);
    }

    [Fact]
    public async Task Space_JournalIsAsLargeAsItMayBe_RefusesUntilItWasRewritten()
    {
        await _running.LoadAsync();
        var session = await OpenSessionAsync();
        for (var i = 0; i < 20; i++)
        {
            session.PutSubscription(Subscription(new string('a', 60_000)));
            await DurableAsync(session);
        }

        await UntilAsync("it refuses", () => Journal.Refusal is not null);
        Journal.Refusal.ShouldEndWith("(Store:MaxBytes)");

        Journal.BeginRewrite();
        session.BeginRewrite(new SessionRecord("c", "alice", 60), isConnected: true, TimeSpan.Zero);
        await Eventually.CompletesAsync("it is rewritten", Journal.EndRewriteAsync(TestContext.Current.CancellationToken).AsTask());

        await UntilAsync("it resumes", () => Journal.Refusal is null);
        Journal.Statistics.Bytes.ShouldBe(_groups.Sum(group => group.Bytes.Length));
    }

    [Fact]
    public async Task Lag_DiskStandsStill_IsTheAgeOfTheOldestChange()
    {
        await _running.LoadAsync();
        var session = await OpenSessionAsync();
        using var stands = new ManualResetEventSlim();
        _fault = _ =>
        {
            stands.Wait(TestContext.Current.CancellationToken);
            return LedgerFault.None;
        };

        session.PutSubscription(Subscription("a"));
        _clock.AdvanceBy(TimeSpan.FromSeconds(3));
        session.PutSubscription(Subscription("b"));
        _clock.AdvanceBy(TimeSpan.FromSeconds(2));

        Journal.Sample().Lag.ShouldBe(TimeSpan.FromSeconds(5));
        stands.Set();
        await DurableAsync(session);
        await Eventually.HoldsAsync("nothing waits", () => Journal.Sample().Lag == TimeSpan.Zero);
    }

    [Fact]
    public async Task Checkpoint_Fails_IsSaidUntilItWorks()
    {
        await _running.LoadAsync();
        _checkpointFailure = new IOException("No checkpoint, says the test.");
        await UntilAsync("it says so", () => Journal.Sample().CheckpointFailure is not null);
        Journal.Sample().CheckpointFailure.ShouldBe("No checkpoint, says the test.");
        Journal.Refusal.ShouldBeNull();
        await PassTimeAsync();

        _checkpointFailure = null;
        await UntilAsync("it works again", () => Journal.Sample().CheckpointFailure is null);
        _log.Entries.Single().Message.ShouldBe(
            "The write-ahead log of the journal could not be copied into it: it grows until that works. It is tried each second");
    }

    [Fact]
    public async Task Stop_DiskDoesNotAnswer_EndsAndSaysWhatWasNotWritten()
    {
        await _running.LoadAsync();
        var session = await OpenSessionAsync();
        using var stands = new ManualResetEventSlim();
        var tries = _tries;
        _fault = _ =>
        {
            stands.Wait(TestContext.Current.CancellationToken);
            return LedgerFault.None;
        };
        session.PutSubscription(Subscription("a"));
        await Eventually.HoldsAsync("it writes", () => Volatile.Read(ref _tries) > tries);
        session.PutSubscription(Subscription("b"));
        await _running.EndRunAsync();

        var stopped = Journal.DisposeAsync().AsTask();
        await UntilAsync("it is stopped", () => stopped.IsCompleted);

        _log.Entries.Single().Message.ShouldBe(
            "The disk of the journal did not answer within 5 s: the stop continues without it. 2 changes were not written; "
            + "nobody was told that they were kept");
        Journal.Durability.IsReached(session.LastTicket).ShouldBeFalse();
        stands.Set();
        await Eventually.HoldsAsync("what was left to itself ends", () => Journal.Durability.IsReached(session.LastTicket));
    }

    // Encoded twice, its message would be taken for written.
    [Fact]
    public async Task Run_ABugEndsItInAGroupWithAMessage_TheMessageIsThereAfterAll()
    {
        await _running.LoadAsync();
        var session = await OpenSessionAsync();
        var crashes = 1;
        _fault = _ => crashes-- > 0 ? throw new InvalidOperationException("a bug") : LedgerFault.None;
        var run = _running.Current;

        session.PutMessage(Message(1));
        await Should.ThrowAsync<InvalidOperationException>(() => run);
        _ = _running.Run();
        await DurableAsync(session);

        (await ReadAsync()).Messages.Single().Message.Message.Topic.Name.ShouldBe("t");
    }

    // What was tried while the disk was full may be there although it failed: what is written next must not be taken for it.
    [Theory]
    [InlineData(LedgerFault.Write)]
    [InlineData(LedgerFault.Flush)]
    internal async Task Append_LookingForRoomFails_TheNextGroupIsWritten(LedgerFault fault)
    {
        await _running.LoadAsync();
        var session = await OpenSessionAsync();
        _fault = static _ => LedgerFault.FullButForReserve;
        session.PutSubscription(Subscription("a"));
        await DurableAsync(session);
        var tries = 1;
        _fault = _ =>
        {
            if (tries == 0)
            {
                return LedgerFault.None;
            }

            // It waits for the same commit as what was tried. Only then the test goes on.
            session.PutMessage(Message(1));
            tries--;
            return fault;
        };
        await UntilAsync("it has looked", () => tries <= 0);

        await UntilAsync("it is durable", () => Journal.Durability.IsReached(session.LastTicket));

        (await ReadAsync()).Messages.Length.ShouldBe(1);
        _groups.Select(group => group.Number).ShouldBe(Enumerable.Range(1, _groups.Count).Select(number => (long)number));
    }

    // Somebody else had the ledger while it was closed.
    [Fact]
    public async Task Reopen_AnotherProgramHasAppended_IsNeverTakenForOurs()
    {
        await _running.LoadAsync();
        var session = await OpenSessionAsync();
        var failures = 1;
        _fault = _ => failures-- > 0 ? LedgerFault.Write : LedgerFault.None;
        session.PutMessage(Message(1));
        await Eventually.HoldsAsync("it fails", () => Journal.Refusal is not null);
        _groups.Add((2, _groups[0].Bytes));

        await UntilAsync("it says so", () => Journal.Refusal!.Contains("another program has written it", StringComparison.Ordinal));
        Journal.Durability.IsReached(session.LastTicket).ShouldBeFalse();
    }

    [Fact]
    public async Task Space_WhatWasRefusedForIsAcknowledged_AsksForARewrite()
    {
        await _running.LoadAsync();
        var session = await OpenSessionAsync();
        Journal.WantsRewrite(long.MaxValue).ShouldBeFalse();
        for (var i = 0; i < 20; i++)
        {
            session.PutSubscription(Subscription(new string('a', 60_000)));
            await DurableAsync(session);
        }

        await UntilAsync("it refuses", () => Journal.Refusal is not null);
        await UntilAsync("it wants to be small again", () => Journal.WantsRewrite(long.MaxValue));
    }

    /// <summary>How much lived once says nothing when clients have taken it.</summary>
    [Fact]
    public async Task Space_WhatLivedIsTaken_AsksForARewrite()
    {
        await _running.LoadAsync();
        var session = await OpenSessionAsync();
        Journal.BeginRewrite();
        session.BeginRewrite(new SessionRecord("c", "alice", 60), isConnected: true, TimeSpan.Zero);
        await PutAsync(10);
        await Eventually.CompletesAsync(
            "all is written anew", Journal.EndRewriteAsync(TestContext.Current.CancellationToken).AsTask());
        await PutAsync(10);
        await UntilAsync("it refuses", () => Journal.Refusal is not null);
        await UntilAsync("the rest is dropped", () => Journal.Statistics.Bytes == _groups.ToArray().Sum(group => group.Bytes.Length));

        Journal.WantsRewrite(live: 600_000).ShouldBeFalse("it would free less than it costs");
        Journal.WantsRewrite(live: 1_000).ShouldBeTrue();

        async Task PutAsync(int count)
        {
            for (; count > 0; count--)
            {
                session.PutSubscription(Subscription(new string('a', 60_000)));
                await DurableAsync(session);
            }
        }
    }

    /// <summary>On a full disk of which all is dead, nothing but a rewrite makes room.</summary>
    [Theory]
    [InlineData(1_000, 0, true)]
    [InlineData(2_000_000, 10_000_000, false)]
    [InlineData(2_000_000, 20_000_000, true)]
    public void Space_HasRoomForWhatLives_OnlyMuchMustFit(long live, long free, bool hasRoom) =>
        new StoreSpace(new StoreOptions(), () => free).HasRoomFor(live).ShouldBe(hasRoom);

    private static QueuedMessage Message(long sequence) => new(
        new StoredMessage(new Topic("t"u8.ToArray(), isListed: false, 0), "payload"u8.ToArray(), [], QualityOfService.AtLeastOnce, null),
        QualityOfService.AtLeastOnce, false, [], sequence);

    private async Task<SessionState> ReadAsync()
    {
        await using var again = new RunningJournal(() => new ListLedger([.. _groups]), _clock.Time);
        return (await again.LoadAsync()).Sessions.Single();
    }

    private static SubscriptionRecord Subscription(string filter) => new(filter, default, false, false, []);

    private ILedger Make()
    {
        _opened++;
        return new FaultyLedger(new ListLedger(_groups))
        {
            OnAppend = OnAppend,
            OnTrimmed = () => _trimmed(),
            CheckpointFailure = () => _checkpointFailure,
        };
    }

    private long? Free()
    {
        Interlocked.Increment(ref _looks);
        return _freeFails ? throw new InvalidOperationException("It is not known, says the test.") : _free;
    }

    private ValueTask<LedgerFault> OnAppend(long number)
    {
        Interlocked.Increment(ref _tries);
        return new ValueTask<LedgerFault>(_fault(number));
    }

    private async Task<ISessionStore> OpenSessionAsync()
    {
        var session = Journal.OpenSession(new SessionRecord("c", "alice", 60));
        await DurableAsync(session);
        return session;
    }

    private Task DurableAsync(ISessionStore session) => Eventually.CompletesAsync(
        "it is durable", Journal.Durability.WhenReachedAsync(session.LastTicket, TestContext.Current.CancellationToken));

    /// <summary>Lets time pass until something holds.</summary>
    private Task UntilAsync(string what, Func<bool> holds) => Eventually.HoldsAsync(what, () =>
    {
        _clock.AdvanceBy(Pause);
        return holds();
    });

    /// <summary>Lets it look whether there is room.</summary>
    private async Task PassTimeAsync()
    {
        var looks = Volatile.Read(ref _looks) + 2;
        await UntilAsync("it has looked", () => Volatile.Read(ref _looks) >= looks);
    }

    /// <summary>Lets it look, or try, so many times.</summary>
    private Task PassAsync(int times)
    {
        var until = _tries + times;
        return UntilAsync("it has tried", () => Volatile.Read(ref _tries) >= until);
    }
}
