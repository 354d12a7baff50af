namespace Cassini.Tests.Store;

/// <summary>The end of a schedule: everything comes back and is acknowledged; then it is looked whether something is missing.</summary>
/// <param name="checker">Knows what is owed, and is told of what is missing.</param>
/// <param name="broker">The broker.</param>
/// <param name="clients">The clients.</param>
/// <param name="connect">Connects one, with a clean start or not.</param>
internal sealed class ScheduleEnd(
    ScheduleChecker checker, SimulatedBroker broker, ScheduleClients clients, Func<SimulatedClient, bool, Task> connect)
{
    public async Task RunAsync()
    {
        checker.Trace("the end begins");
        await broker.HealAsync();
        await clients.PumpAsync(broker);
        for (var tries = 0; tries < 5 && clients.All.Exists(one => one is { IsLasting: true, IsConnected: false }); tries++)
        {
            foreach (var client in clients.All.Where(one => one is { IsLasting: true, IsConnected: false }).ToList())
            {
                await connect(client, false);
            }

            await clients.PumpUntilAsync(broker, () => clients.All.TrueForAll(one => one.IsConnected || !one.IsLasting));
        }

        await clients.PumpUntilAsync(
            broker, () => !checker.Missing().Any() && clients.Publishers.All(one => one.Unacknowledged == 0));
        foreach (var publisher in clients.Publishers.Where(one => one is { IsLasting: true, Unacknowledged: > 0 }))
        {
            checker.Fail($"{publisher.Id} waits for {publisher.Unacknowledged} acknowledgements");
        }

        FailFor(checker.Missing());
        foreach (var topic in clients.Publishers.Select(one => $"r/{one.Id}"))
        {
            checker.Retained.Check(topic, broker.Retained(topic));
        }

        broker.Advance(60);
        await clients.PumpUntilAsync(broker, () => !checker.Wills.Missing().Any() && broker.Backlog == 0);
        FailFor(checker.Wills.Missing());
        if (checker.Failure is null && await broker.CompareAsync() is { } stored)
        {
            checker.OnIdle(stored, clients.All);
            CheckDelivered(stored.Sessions.SelectMany(session => session.Messages.Select(one => $"{session.Session.ClientId}: {one}")));
        }
    }

    /// <summary>Whoever has a connection has taken and acknowledged all.</summary>
    private void CheckDelivered(IEnumerable<string> stored)
    {
        if (clients.All.TrueForAll(one => one.IsConnected || !one.IsLasting) && stored.FirstOrDefault() is { } left)
        {
            checker.Fail($"something is left at the end: {left}");
        }
    }

    private void FailFor(IEnumerable<string> missing)
    {
        foreach (var one in missing.ToList())
        {
            checker.Fail(one);
        }
    }
}
