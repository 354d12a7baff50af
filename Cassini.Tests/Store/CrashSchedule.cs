using Cassini.Streams.Mqtt;

namespace Cassini.Tests.Store;

/// <summary>
/// One seeded schedule: clients of every kind on a broker over a simulated disk, faults of the disk, crashes, and at the end the look at
/// what the broker owes. The broker works on the thread pool, so that a seed gives the same choices, but not always the same run.
/// </summary>
internal sealed class CrashSchedule
{
    private readonly Random _random;
    private readonly SimulatedDisk _disk = new();
    private readonly ScheduleChecker _checker = new();
    private readonly DiskFaults _faults;
    private readonly SimulatedBroker _broker;
    private readonly ScheduleClients _clients;
    private int _messages;
    private int _wills;

    public CrashSchedule(int seed)
    {
        _random = new Random(seed);
        _faults = new DiskFaults(_disk, _checker, _random);
        _broker = new SimulatedBroker(_disk, _checker, maxQueuedInMemory: seed % 2 == 0 ? long.MaxValue : _random.Next(1, 1_500));
        _clients = new ScheduleClients(_checker, _random);
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
                await _broker.SettleAsync();
                await _clients.ReadAsync();
            }

            if (Chance(40) && _checker.Failure is null)
            {
                await IdleAsync();
            }

            await CrashAsync();
        }

        if (_checker.Failure is null)
        {
            await new ScheduleEnd(_checker, _broker, _clients, ConnectAsync).RunAsync();
        }

        _disk.Crash(isHeldThere: false);
        await _broker.KillAsync();
    }

    private bool Chance(int percent) => _random.Next(100) < percent;

    private T Any<T>(IReadOnlyList<T> from) => from[_random.Next(from.Count)];

    private async Task BeginAsync()
    {
        await _broker.StartAsync(TimeSpan.Zero);
        foreach (var client in _clients.All)
        {
            await ConnectAsync(client, cleanStart: false);
        }

        await _clients.PumpUntilAsync(_broker, () => _clients.All.TrueForAll(one => one.IsConnected));
        foreach (var client in _clients.Subscribers)
        {
            foreach (var topic in ScheduleClients.TopicsOf(client).Where(_ => Chance(80)).ToList())
            {
                await SubscribeAsync(client, topic);
            }
        }

        await _clients.PumpAsync(_broker);
    }

    private async Task StepAsync()
    {
        switch (_random.Next(100))
        {
            case < 34:
                await PublishAsync();
                break;
            case < 58:
                if (Any(_clients.All) is { IsConnected: true } acknowledging)
                {
                    await acknowledging.AcknowledgeAsync(_random.Next(1, 5));
                }

                break;
            case < 70:
                await ChangeConnectionAsync(Any(_clients.All));
                break;
            case < 77:
                await ChangeSubscriptionAsync(Any(_clients.Subscribers));
                break;
            case < 92:
                _faults.Change();
                break;
            case < 95:
                _broker.BeginRewrite();
                break;
            default:
                Advance(Chance(80) ? _random.Next(1, 8) : Any([1_000, 2_500, 5_000]));
                break;
        }
    }

    private async Task PublishAsync()
    {
        var publisher = Any(_clients.Publishers);
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
                Expiry = publisher.Version == 5 && topic != own && Chance(10) ? TimeSpan.FromSeconds(10) : null,
                SentAt = _checker.Step,
                SentTime = _checker.Now,
            };
            _checker.OnSent(message, _clients.SubscriptionsTo(topic));
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
            var topic = Any(ScheduleClients.TopicsOf(client));
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

    private void Advance(double seconds)
    {
        _checker.Trace($"{seconds} seconds pass");
        _broker.Advance(seconds);
        _clients.ForgetExpired();
    }

    /// <summary>For a moment all is well and nothing happens: the disk has what the broker knows, and what clients were told.</summary>
    private async Task IdleAsync()
    {
        _checker.Trace("all is quiet");
        await _broker.HealAsync();
        if (Chance(50))
        {
            await _clients.ReadAsync();
        }

        if (await _broker.CompareAsync() is { } stored)
        {
            _checker.OnIdle(stored, _clients.All);
            _clients.All.ForEach(client => client.OnIdle());
        }
    }

    private async Task CrashAsync()
    {
        var isThere = Chance(50);
        _checker.Trace($"the broker is killed, and what was being written is {(isThere ? "" : "not ")}there");
        _disk.Crash(isThere);
        foreach (var client in _clients.All)
        {
            if (Chance(50))
            {
                await client.ReadAsync();
            }
        }

        foreach (var client in _clients.All)
        {
            _checker.Wills.OnLost(client);
            client.Lose();
        }

        await _broker.KillAsync();
        await _broker.StartAsync(TimeSpan.FromSeconds(_random.Next(0, 3)));
        if (Chance(15))
        {
            // Nobody comes back before the next crash.
            Advance(1_000);
            await IdleAsync();
            return;
        }

        _disk.Usually = Chance(50) ? AppendFate.Succeeds : AppendFate.Held;
        foreach (var client in _clients.All.Where(_ => Chance(80)).ToList())
        {
            await ConnectAsync(client, cleanStart: false);
        }

        await _broker.SettleAsync();
        await _clients.ReadAsync();
    }

    private Task ConnectAsync(SimulatedClient client, bool cleanStart)
    {
        var will = Chance(30)
            ? new WillPromise
            {
                Text = $"w-{client.Id}-{_wills++}",
                Delay = TimeSpan.FromSeconds(client.IsLasting && client.Version == 5 && Chance(50) ? 5 : 0),
                QoS = Any([QualityOfService.AtLeastOnce, QualityOfService.ExactlyOnce]),
                Owed = [.. _clients.SubscriptionsTo("w").Where(one => one is { IsAcknowledged: true, QoS: > 0, Client.IsLasting: true })],
            }
            : null;
        return client.ConnectAsync(_broker, cleanStart, will);
    }

    private Task SubscribeAsync(SimulatedClient client, string topic) => client.SubscribeAsync(new KnownSubscription
    {
        Client = client,
        Topic = topic,
        IsShared = topic.StartsWith('s'),

        // Who subscribes with MQTT 3.1.1 gets what is retained.
        GetsRetained = !topic.StartsWith('s') && (client.Version == 4 || (topic.StartsWith('r') && Chance(50))),

        // A member of QoS 0 may take a message of the share and lose it.
        QoS = (QualityOfService)_random.Next(topic.StartsWith('s') || Chance(90) ? 1 : 0, 3),
    });
}
