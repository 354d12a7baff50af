namespace Cassini.Load.Kills;

/// <summary>
/// A broker is started in the same directory, again and again, and killed while messages are acknowledged: half of the time while its
/// subscriber takes them, half of the time while they wait for it. After that all are finished and taken.
/// </summary>
/// <param name="options">How many kills, of what seed, and how to connect.</param>
/// <param name="tls">The clients' side of mutual TLS.</param>
/// <param name="start">Starts the broker.</param>
internal sealed class KillRun(LoadOptions options, ClientTls tls, Func<Task<IBrokerToKill>> start)
{
    /// <summary>A kill comes after fewer acknowledgements than this.</summary>
    private const int MostAcknowledgements = 2_000;

    private readonly Random _random = new(options.Seed);
    private readonly SendingClient _publisher = new(new NumberedMessages(options.QoS, options.Version5));
    private readonly TakingClient _subscriber = new(new NumberedMessages(options.QoS, options.Version5));

    /// <exception cref="LoadException">The broker did something that has nothing to do with the kills.</exception>
    public async Task<KillTally> RunAsync()
    {
        for (var kill = 0; kill < options.Kills; kill++)
        {
            await using var broker = await start();
            await KillAsync(broker, isTaking: kill % 2 == 1);
        }

        await using var last = await start();
        using var subscriber = Open(last, "taking");
        _subscriber.Resume(subscriber);
        using var publisher = Open(last, "sending");
        await Task.WhenAll(
            Task.Run(() => _publisher.Finish(publisher)),
            Task.Run(() => _subscriber.TakeRest(subscriber, _publisher.Sent)));
        return _subscriber.Tally(_publisher.Sent);
    }

    private async Task KillAsync(IBrokerToKill broker, bool isTaking)
    {
        using var subscriber = Open(broker, "taking");
        _subscriber.Resume(subscriber);
        if (!isTaking)
        {
            subscriber.Close();
        }

        using var publisher = Open(broker, "sending");
        await Task.WhenAll(
            isTaking ? Task.Run(() => _subscriber.TakeUntilGone(subscriber)) : Task.CompletedTask,
            Task.Run(() => _publisher.SendUntilGone(publisher, _random.Next(1, MostAcknowledgements), broker.Kill)));
    }

    private MqttConnection Open(IBrokerToKill broker, string clientId) =>
        new(options with { Port = broker.Port }, tls, clientId, isKept: true);
}
