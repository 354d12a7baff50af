using System.Runtime.CompilerServices;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Store;
using Cassini.Tests.Broker;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Store;

/// <summary>
/// One seeded schedule: clients of every kind on a broker over a simulated disk, faults of the disk, crashes, and at the end the look at
/// what the broker owes. The broker works on the thread pool, so that a seed gives the same choices, but not always the same run.
/// </summary>
internal sealed class CrashSchedule
{
    private const int QuietRounds = 3;
    private const int MostRounds = 60;

    private readonly Random _random;
    private readonly SimulatedDisk _disk = new();
    private readonly ScheduleChecker _checker = new();
    private readonly List<SimulatedClient> _clients = [];
    private readonly SimulatedClient[] _publishers;
    private readonly SimulatedClient[] _subscribers;
    private readonly List<RigConnection> _connections = [];
    private VirtualClock _clock = new();
    private RunningJournal _journal;
    private BrokerRig _rig;
    private int _messages;
    private int _wills;

    public CrashSchedule(int seed)
    {
        _random = new Random(seed);
        _publishers =
        [
            new SimulatedClient(_checker, "p0", 5, isLasting: true, null),
            new SimulatedClient(_checker, "p1", Chance(20) ? 4 : 5, isLasting: true, null),
            new SimulatedClient(_checker, "p2", 5, isLasting: false, null),
        ];
        _subscribers =
        [
            new SimulatedClient(_checker, "s0", 5, isLasting: true, Window()),
            new SimulatedClient(_checker, "s1", Chance(20) ? 4 : 5, isLasting: true, Window()),
            new SimulatedClient(_checker, "s2", 5, isLasting: true, Window()),
            new SimulatedClient(_checker, "s3", 5, isLasting: false, Window()),
        ];
        _clients.AddRange([.. _publishers, .. _subscribers]);
        (_journal, _rig) = Make();
    }

    /// <summary>What was wrong, with the last steps; null when nothing was.</summary>
    public string? Failure => _checker.Failure is { } failure ? $"{failure}\n{_checker.LastSteps}" : null;

    public async Task RunAsync()
    {
        try
        {
            await RunToTheEndAsync();
        }
        catch (Exception failure)
        {
            _checker.Fail($"{failure}".Replace('\n', ' '));
        }
    }

    private async Task RunToTheEndAsync()
    {
        await BeginAsync();
        for (var crashes = _random.Next(1, 4); crashes > 0 && _checker.Failure is null; crashes--)
        {
            for (var steps = _random.Next(5, 50); steps > 0 && _checker.Failure is null; steps--)
            {
                await StepAsync();
                await SettleAsync();
                await ReadAsync();
            }

            await CrashAsync();
        }

        if (_checker.Failure is null)
        {
            await DrainAsync();
        }

        await EndAsync();
    }

    private ushort? Window() => Chance(50) ? (ushort)_random.Next(1, 5) : null;

    private bool Chance(int percent) => _random.Next(100) < percent;

    private T Any<T>(IReadOnlyList<T> from) => from[_random.Next(from.Count)];

    private (RunningJournal Journal, BrokerRig Rig) Make()
    {
        var run = _disk.Run;
        var journal = new RunningJournal(() => new SimulatedLedger(_disk, run), _clock.Time);
        var rig = new BrokerRig(
            options => options with { MaxTakeOverDelay = TimeSpan.Zero, SysInterval = TimeSpan.FromHours(1) }, journal.Journal, _clock);
        _checker.Now = _clock.UtcNow;
        return (journal, rig);
    }

    private async Task BeginAsync()
    {
        await _rig.Broker.LoadAsync(CancellationToken.None);
        _ = _journal.Run();
        foreach (var client in _clients)
        {
            await ConnectAsync(client, cleanStart: false);
        }

        await PumpUntilAsync(() => _clients.TrueForAll(one => one.IsConnected));
        foreach (var client in _subscribers)
        {
            foreach (var topic in TopicsOf(client).Where(_ => Chance(80)).ToList())
            {
                await SubscribeAsync(client, topic);
            }
        }

        await PumpAsync();
    }

    private async Task StepAsync()
    {
        switch (_random.Next(100))
        {
            case < 35:
                await PublishAsync();
                break;
            case < 60:
                if (Any(_clients) is { IsConnected: true } acknowledging)
                {
                    await acknowledging.AcknowledgeAsync(_random.Next(1, 5));
                }

                break;
            case < 72:
                await ChangeConnectionAsync(Any(_clients));
                break;
            case < 78:
                await ChangeSubscriptionAsync(Any(_subscribers));
                break;
            case < 94:
                ChangeDisk();
                break;
            default:
                Advance(Chance(85) ? _random.Next(1, 8) : 5_000);
                break;
        }
    }

    private async Task PublishAsync()
    {
        var publisher = Any(_publishers);
        if (!publisher.IsConnected)
        {
            return;
        }

        for (var count = _random.Next(1, 4); count > 0 && publisher.Unacknowledged < 8; count--)
        {
            var own = $"r/{publisher.Id}";
            var topic = Any(["t/0", "t/0", "t/1", "s/0", own]);
            var message = new SentMessage
            {
                Number = _messages++,
                Publisher = publisher.Id,
                Topic = topic,
                QoS = topic == own ? RetainedQoS(publisher) : (QualityOfService)_random.Next(Chance(80) ? 1 : 0, 3),
                Retain = topic == own,
                IsRemoval = topic == own && Chance(25),
                Expiry = publisher.Version == 5 && topic != own && Chance(10) ? 10u : null,
                SentAt = _checker.Step,
                SentTime = _clock.UtcNow,
            };
            _checker.OnSent(message, SubscriptionsTo(topic));
            await publisher.PublishAsync(message);
        }
    }

    /// <summary>
    /// Never both 1 and 2: after a crash a client repeats what was not acknowledged, and an older message of QoS 1 counts once more, but a
    /// newer one of QoS 2 does not.
    /// </summary>
    private QualityOfService RetainedQoS(SimulatedClient publisher) =>
        publisher.Id == "p0" ? QualityOfService.ExactlyOnce : (QualityOfService)_random.Next(0, 2);

    private async Task ChangeConnectionAsync(SimulatedClient client)
    {
        if (!client.IsConnected)
        {
            // One whose CONNECT is not answered may be cut off too, and try once more.
            if (client.Connection is not null && Chance(50))
            {
                client.Abort();
                return;
            }

            await ConnectAsync(client, cleanStart: client.Version == 5 && Chance(10));
            return;
        }

        switch (_random.Next(4))
        {
            case 0:
                await client.DisconnectAsync();
                break;
            case 1:
                await ConnectAsync(client, cleanStart: client.Version == 5 && Chance(15));
                break;
            default:
                client.Abort();
                break;
        }
    }

    private async Task ChangeSubscriptionAsync(SimulatedClient client)
    {
        if (client.IsConnected)
        {
            var topic = Any(TopicsOf(client));
            if (client.Subscriptions.TryGetValue(topic, out var subscription) && Chance(60))
            {
                await client.UnsubscribeAsync(subscription);
            }
            else
            {
                await SubscribeAsync(client, topic);
            }
        }
    }

    private void ChangeDisk()
    {
        var choice = _random.Next(10);
        if (_disk.IsHolding && choice < 5)
        {
            var fate = Chance(70) ? AppendFate.Succeeds : Any([AppendFate.FailsThere, AppendFate.FailsAbsent, AppendFate.Full]);
            _checker.Trace($"the append that was held: {fate}");
            _disk.Release(fate);
        }
        else if (choice < 7)
        {
            _disk.Usually = _disk.Usually == AppendFate.Held ? AppendFate.Succeeds : AppendFate.Held;
            _checker.Trace($"appends: {_disk.Usually}");
        }
        else
        {
            var fate = Any([AppendFate.FailsThere, AppendFate.FailsAbsent, AppendFate.Full, AppendFate.Held]);
            _checker.Trace($"next append: {fate}");
            _disk.Plan(fate);
            _disk.FailOpens(Chance(20) ? 1 : 0);
        }
    }

    private void Advance(double seconds)
    {
        _checker.Trace($"{seconds} seconds pass");
        _rig.Advance(seconds);
        _checker.Now = _clock.UtcNow;
        foreach (var client in _clients.Where(one => !one.IsConnected && _clock.UtcNow - one.SeenAt > TimeSpan.FromSeconds(3_500)))
        {
            client.Forget();
        }
    }

    private async Task CrashAsync()
    {
        var isThere = Chance(50);
        _checker.Trace($"the broker is killed, and what was being written is {(isThere ? "" : "not ")}there");
        _disk.Crash(isThere);
        foreach (var client in _clients)
        {
            if (Chance(50))
            {
                await client.ReadAsync();
            }
        }

        foreach (var client in _clients)
        {
            _checker.OnLost(client);
            client.Lose();
        }

        await EndAsync();
        _clock = new VirtualClock(_clock.UtcNow + TimeSpan.FromSeconds(_random.Next(0, 3)));
        (_journal, _rig) = Make();
        await _rig.Broker.LoadAsync(CancellationToken.None);
        _ = _journal.Run();
        _checker.Trace($"the broker begins with {_disk.Groups} groups");
        _disk.Usually = Chance(50) ? AppendFate.Succeeds : AppendFate.Held;
        foreach (var client in _clients.Where(_ => Chance(80)).ToList())
        {
            await ConnectAsync(client, cleanStart: false);
        }

        await SettleAsync();
        await ReadAsync();
    }

    /// <summary>Everything comes back and is acknowledged; then it is looked whether something is missing.</summary>
    private async Task DrainAsync()
    {
        _checker.Trace("the end begins");
        for (var tries = 0; tries < 5; tries++)
        {
            _disk.Heal();
            await SettleAsync();
            Advance(1.5);
            await SettleAsync();
        }

        await PumpAsync();
        for (var tries = 0; tries < 5 && _clients.Exists(one => one.IsLasting && !one.IsConnected); tries++)
        {
            foreach (var client in _clients.Where(one => !one.IsConnected && one.IsLasting).ToList())
            {
                await ConnectAsync(client, cleanStart: false);
            }

            await PumpUntilAsync(() => _clients.TrueForAll(one => one.IsConnected || !one.IsLasting));
        }

        if (_checker.Missing().Any() || _publishers.Any(one => one.Unacknowledged > 0))
        {
            await PatientlyAsync(() => !_checker.Missing().Any() && _publishers.All(one => one.Unacknowledged == 0));
        }

        foreach (var publisher in _publishers.Where(one => one.IsLasting && one.Unacknowledged > 0))
        {
            _checker.Fail($"{publisher.Id} waits for {publisher.Unacknowledged} acknowledgements");
        }

        foreach (var missing in _checker.Missing())
        {
            _checker.Fail(missing);
        }

        foreach (var publisher in _publishers)
        {
            var topic = $"r/{publisher.Id}";
            _checker.CheckRetained(topic, Retained(topic));
        }

        Advance(60);
        await PumpAsync();
        if (_checker.MissingWills().Any())
        {
            await PatientlyAsync(() => !_checker.MissingWills().Any());
        }

        foreach (var missing in _checker.MissingWills())
        {
            _checker.Fail(missing);
        }
    }

    /// <summary>Only what would be a failure is worth a wait.</summary>
    private async Task PatientlyAsync(Func<bool> holds)
    {
        try
        {
            await Eventually.BecomesAsync(
                "what is owed comes",
                async ValueTask<bool> () =>
                {
                    await PumpAsync();
                    return holds();
                },
                static done => done,
                TimeSpan.FromSeconds(2));
        }
        catch (TimeoutException)
        {
            // The checker says what is missing.
        }
    }

    private string? Retained(string topic) =>
        _rig.Broker.Retained.Get(System.Text.Encoding.UTF8.GetBytes(topic)) is { } message
            ? System.Text.Encoding.UTF8.GetString(message.Payload)
            : null;

    private async Task EndAsync()
    {
        if (_disk.Misuse is { } misuse)
        {
            _checker.Fail($"the disk is misused: {misuse}");
        }

        if (_connections.FirstOrDefault(one => one.Served.IsFaulted) is { } crashed)
        {
            _checker.Fail($"serving a connection fails: {crashed.Served.Exception}");
        }

        _disk.Crash(isHeldThere: false);
        foreach (var connection in _connections)
        {
            connection.Abort();
        }

        _connections.Clear();
        await _journal.DisposeAsync();
    }

    private async Task ConnectAsync(SimulatedClient client, bool cleanStart)
    {
        var will = Chance(30)
            ? new WillPromise
            {
                Text = $"w-{client.Id}-{_wills++}",
                Delay = TimeSpan.FromSeconds(client.IsLasting && client.Version == 5 && Chance(50) ? 5 : 0),
                Owed = [.. SubscriptionsTo("w").Where(one => one.IsAcknowledged && one.Client.IsLasting && one.QoS > 0)],
            }
            : null;
        await client.ConnectAsync(_rig, cleanStart, will);
        _connections.Add(client.Connection!);
    }

    private Task SubscribeAsync(SimulatedClient client, string topic) => client.SubscribeAsync(new KnownSubscription
    {
        Client = client,
        Topic = topic,
        IsShared = topic.StartsWith('s'),

        // A member of QoS 0 may take a message of the share and lose it.
        QoS = (QualityOfService)_random.Next(topic.StartsWith('s') || Chance(90) ? 1 : 0, 3),
    });

    private IEnumerable<KnownSubscription> SubscriptionsTo(string topic) =>
        _subscribers.SelectMany(one => one.Subscriptions.Values).Where(one => one.Topic == topic && !one.HasEnded);

    private static string[] TopicsOf(SimulatedClient client) => client.Id switch
    {
        "s0" => ["t/0", "t/1", "r/p0", "r/p1", "r/p2", "w"],
        "s1" => ["t/0", "t/1", "s/0", "r/p0"],
        "s2" => ["s/0", "t/0"],
        _ => ["t/0"],
    };

    /// <summary>Everybody reads and acknowledges until nothing comes any more.</summary>
    private async Task PumpAsync()
    {
        var quiet = 0;
        for (var round = 0; round < MostRounds && quiet < QuietRounds; round++)
        {
            await SettleAsync();
            var any = await ReadAsync();
            foreach (var client in _clients.Where(one => one.IsConnected && one.ToSend > 0))
            {
                any = true;
                await client.AcknowledgeAsync(client.ToSend);
            }

            quiet = any ? 0 : quiet + 1;
        }
    }

    private async Task PumpUntilAsync(Func<bool> holds)
    {
        await PumpAsync();
        if (!holds())
        {
            await PatientlyAsync(holds);
        }
    }

    private async Task<bool> ReadAsync()
    {
        var any = false;
        foreach (var client in _clients)
        {
            any |= await client.ReadAsync();
        }

        return any;
    }

    /// <summary>Lets the broker do what it can do now. What it has begun and not ended then it does later.</summary>
    private async Task SettleAsync()
    {
        var quiet = 0;
        var most = _disk.IsHolding ? 50 : 1_000;
        for (var looks = 0; looks < most && quiet < 5; looks++)
        {
            await Task.Yield();
            quiet = IsQuiet() ? quiet + 1 : 0;
        }
    }

    private bool IsQuiet()
    {
        if (!_disk.IsHolding && _journal.Journal.Refusal is null && !_journal.IsQuiet)
        {
            return false;
        }

        return _connections.TrueForAll(one => one.IsQuiet);
    }
}
