using Cassini.Tests.Support;

namespace Cassini.Tests.Store;

/// <summary>The clients of a schedule: three that publish and four that subscribe, of both versions, most with a lasting session.</summary>
internal sealed class ScheduleClients
{
    private const int QuietRounds = 3;
    private const int MostRounds = 400;

    private readonly ScheduleChecker _checker;

    public ScheduleClients(ScheduleChecker checker, Random random)
    {
        _checker = checker;
        Publishers =
        [
            new SimulatedClient(checker, "p0", 5, isLasting: true, null),
            new SimulatedClient(checker, "p1", Version(), isLasting: true, null),
            new SimulatedClient(checker, "p2", 5, isLasting: false, null),
        ];
        Subscribers =
        [
            new SimulatedClient(checker, "s0", 5, isLasting: true, Window()),
            new SimulatedClient(checker, "s1", Version(), isLasting: true, Window()),
            new SimulatedClient(checker, "s2", 5, isLasting: true, Window()),
            new SimulatedClient(checker, "s3", 5, isLasting: false, Window()),
        ];
        All = [.. Publishers, .. Subscribers];

        int Version() => random.Next(100) < 20 ? 4 : 5;

        ushort? Window() => random.Next(100) < 50 ? (ushort)random.Next(1, 5) : null;
    }

    public SimulatedClient[] Publishers { get; }

    public SimulatedClient[] Subscribers { get; }

    public List<SimulatedClient> All { get; }

    /// <summary>What a client may subscribe to.</summary>
    public static string[] TopicsOf(SimulatedClient client) => client.Id switch
    {
        "s0" => ["t/0", "t/1", "r/p0", "r/p1", "r/p2", "w"],
        "s1" => ["t/0", "t/1", "s/0", "r/p0"],
        "s2" => ["s/0", "t/0"],
        _ => ["t/0"],
    };

    public IEnumerable<KnownSubscription> SubscriptionsTo(string topic) =>
        Subscribers.SelectMany(one => one.Subscriptions.Values).Where(one => one.Topic == topic && !one.HasEnded);

    /// <summary>Time has passed: of those that were away for nearly an expiry interval nobody knows whether they have a session.</summary>
    public void ForgetExpired()
    {
        foreach (var client in All.Where(
            one => one is { IsConnected: false, Version: 5 }
                && _checker.Now - one.SeenAt > SimulatedClient.SessionExpiry - SimulatedClient.Tolerance))
        {
            client.Forget();
        }
    }

    /// <summary>Everybody reads.</summary>
    /// <returns>Whether anything came.</returns>
    public async Task<bool> ReadAsync()
    {
        var any = false;
        foreach (var client in All)
        {
            any |= await client.ReadAsync();
        }

        return any;
    }

    /// <summary>Everybody reads and acknowledges until nothing comes any more.</summary>
    public async Task PumpAsync(SimulatedBroker broker)
    {
        var quiet = 0;
        for (var round = 0; round < MostRounds && quiet < QuietRounds; round++)
        {
            await broker.SettleAsync();
            var any = await ReadAsync();
            foreach (var client in All.Where(one => one.IsConnected && one.ToSend > 0))
            {
                any = true;
                await client.AcknowledgeAsync(client.ToSend);
            }

            quiet = any ? 0 : quiet + 1;
        }
    }

    /// <summary>The same, and goes on for a while if something is missing: only what would be a failure is worth a wait.</summary>
    public async Task PumpUntilAsync(SimulatedBroker broker, Func<bool> holds)
    {
        await PumpAsync(broker);
        if (holds())
        {
            return;
        }

        try
        {
            await Eventually.BecomesAsync(
                "what is owed comes",
                async ValueTask<bool> () =>
                {
                    await PumpAsync(broker);
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
}
