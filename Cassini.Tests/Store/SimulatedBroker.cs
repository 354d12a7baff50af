using System.Runtime.CompilerServices;
using System.Text;
using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Events;
using Cassini.Streams.Store;
using Cassini.Tests.Broker;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;

namespace Cassini.Tests.Store;

/// <summary>
/// The broker of a schedule over its simulated disk: one process after another. It works on the thread pool, so that it is not known when
/// it has done what it can do now; <see cref="SettleAsync"/> waits for that as well as it can.
/// </summary>
/// <param name="disk">The disk.</param>
/// <param name="checker">The checker.</param>
/// <param name="maxQueuedInMemory">What may wait in memory for one client; the rest is on the disk.</param>
internal sealed class SimulatedBroker(SimulatedDisk disk, ScheduleChecker checker, long maxQueuedInMemory)
{
    private const int QuietLooks = 4;

    private readonly List<RigConnection> _connections = [];
    private VirtualClock _clock = new();
    private CancellationTokenSource _ending = new();
    private Task _rewriting = Task.CompletedTask;
    private RunningJournal? _journal;
    private BrokerRig? _rig;

    private RunningJournal Journal => _journal!;

    private BrokerRig Rig => _rig!;

    /// <summary>A process begins.</summary>
    /// <param name="pause">How long there was none.</param>
    public async Task StartAsync(TimeSpan pause)
    {
        var run = disk.Run;
        _clock = new VirtualClock(_clock.UtcNow + pause);
        _ending = new CancellationTokenSource();
        _rewriting = Task.CompletedTask;
        var events = new RecordingPublisher(_clock.Time) { Published = checker.OnStoreEvent };
        _journal = new RunningJournal(() => new SimulatedLedger(disk, run), _clock.Time, events: events);
        _rig = new BrokerRig(
            options => options with
            {
                MaxTakeOverDelay = TimeSpan.Zero,
                SysInterval = TimeSpan.FromHours(1),
                MaxQueuedInMemory = maxQueuedInMemory,
            },
            Journal.Journal,
            _clock);
        await _rig.Broker.LoadAsync(CancellationToken.None);
        _ = Journal.Run();
        checker.Trace($"the broker begins with {disk.Groups} groups from {disk.First} on");

        // The housekeeper looks four times a second; what has expired meanwhile ends then.
        Advance(0.3);
    }

    /// <summary>The process ends as by kill -9, and what it left on the disk stays.</summary>
    public async Task KillAsync()
    {
        if (disk.Misuse is { } misuse)
        {
            checker.Fail($"the disk is misused: {misuse}");
        }

        if (_connections.FirstOrDefault(one => one.Served.IsFaulted) is { } crashed)
        {
            checker.Fail($"serving a connection fails: {crashed.Served.Exception}");
        }

        if (_rewriting.IsFaulted)
        {
            checker.Fail($"writing everything anew fails: {_rewriting.Exception}");
        }

        foreach (var connection in _connections)
        {
            connection.Abort();
        }

        _connections.Clear();
        await _ending.CancelAsync();
        await Journal.DisposeAsync();
        checker.OnStoreEvent(new StoreResumed(TimeSpan.Zero));
    }

    public RigConnection Open(int version)
    {
        var connection = Rig.Open(version);
        _connections.Add(connection);
        return connection;
    }

    public void Advance(double seconds)
    {
        Rig.Advance(seconds);
        checker.Now = _clock.UtcNow;
    }

    /// <summary>All that lives is written anew, and the rest dropped, unless that is being done already.</summary>
    public void BeginRewrite()
    {
        if (_rewriting.IsCompleted)
        {
            checker.Trace("everything is written anew");
            _rewriting = Rig.Broker.Rewriter.RewriteAsync(_ending.Token).AsTask();
        }
    }

    /// <summary>Lets the broker do what it can do now. What it has begun and not ended then it does later.</summary>
    public async Task SettleAsync()
    {
        var quiet = 0;
        var most = disk.IsHolding ? 50 : 1_000;
        for (var looks = 0; looks < most && quiet < 5; looks++)
        {
            await Task.Yield();
            quiet = IsQuiet() ? quiet + 1 : 0;
        }
    }

    /// <summary>Nothing is wrong with the disk any more, and everything is written to it.</summary>
    public Task HealAsync() => Eventually.BecomesAsync(
        "everything is written",
        async ValueTask<bool> () =>
        {
            disk.Heal();
            await SettleAsync();

            if (Journal.Current.IsFaulted)
            {
                checker.Fail($"the journal's run ends: {Journal.Current.Exception}");
                return true;
            }

            // After a failure the journal waits for a second.
            Advance(1.5);
            await SettleAsync();
            return Journal.Journal.Refusal is null && Journal.IsQuiet && !IsReading() && _rewriting.IsCompleted;
        },
        static done => done,
        TimeSpan.FromSeconds(10));

    /// <summary>Messages that wait for clients.</summary>
    public long Backlog => Rig.Broker.Sessions.All.Sum(session => (long)session.Deliveries.Backlog);

    /// <summary>What a topic retains.</summary>
    public string? Retained(string topic) =>
        Rig.Broker.Retained.Get(Encoding.UTF8.GetBytes(topic)) is { } message ? Encoding.UTF8.GetString(message.Payload) : null;

    /// <summary>
    /// Whether the broker may have closed a connection because another of its client took the session: that was attached later. Of two
    /// connections the older one may be attached later when it was not answered before the newer one began.
    /// </summary>
    public bool WasTakenOver(RigConnection closed, string clientId)
    {
        var opened = Rig.Events.Of<SessionOpened>().Where(one => one.ClientId == clientId).Select(one => one.ConnectionId).ToList();
        return opened.Count > 0 && opened.IndexOf(closed.Transport.Id) < opened.Count - 1;
    }

    /// <summary>
    /// What is on the disk is what the broker has in memory: it is as if all was written anew. For a moment in which nothing happens, and
    /// nothing is wrong with the disk.
    /// </summary>
    /// <returns>What is on the disk.</returns>
    public async Task<BrokerState?> CompareAsync()
    {
        await Eventually.CompletesAsync("everything is written anew", _rewriting, TimeSpan.FromSeconds(10));

        // Somebody who has gone at this very instant would not count as away before it is written anew, in other steps of time.
        _clock.AdvanceBy(TimeSpan.FromMilliseconds(10));
        var (before, looks) = ("", 0);
        await Eventually.HoldsAsync(
            "nothing changes",
            () =>
            {
                var now = StateText.Of(Read());
                looks = IsQuiet() && now == before ? looks + 1 : 0;
                before = now;
                return looks == QuietLooks;
            },
            TimeSpan.FromSeconds(10));
        var state = Read();
        await Eventually.CompletesAsync(
            "everything is written anew", Rig.Broker.Rewriter.RewriteAsync(_ending.Token).AsTask(), TimeSpan.FromSeconds(10));
        await SettleAsync();

        // Not once more if it differs: what was wrong on the disk is right now.
        var anew = StateText.Of(Read());
        if (before != anew)
        {
            checker.Fail($"on the disk was {before}, and in memory is {anew}");
            return null;
        }

        return state;
    }

    private BrokerState Read()
    {
        var (first, groups) = disk.Content;
        var replay = new JournalReplay(_clock.Time);
        foreach (var (index, group) in groups.Index())
        {
            replay.Apply(first + index, group);
        }

        return replay.ToState(_ => NoSessionStore.Instance);
    }

    private bool IsQuiet() =>
        (disk.IsHolding || Journal.Journal.Refusal is not null || Journal.IsQuiet) && _connections.TrueForAll(one => one.IsQuiet)
        && (disk.FailsReads || !IsReading());

    private bool IsReading() =>
        Journal.IsReadingAgain || Rig.Broker.Sessions.All.Any(session => IsReading(session.Deliveries));

    private static bool IsReading(DeliveryQueue deliveries) => IsReading(Reading(deliveries));

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_reading")]
    private static extern ref StoredTailReading Reading(DeliveryQueue deliveries);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_isReading")]
    private static extern ref bool IsReading(StoredTailReading reading);
}
