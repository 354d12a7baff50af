namespace Cassini.Bystander.Attacks;

/// <summary>Two clients with one client identifier take the session from each other: whoever loses it comes back at once.</summary>
internal sealed class TwoIdentifiers : IAttack
{
    public Task PrepareAsync(Arena arena) => Task.CompletedTask;

    public Task RunAsync(Arena arena) => Task.WhenAll(Enumerable.Range(0, 2).Select(_ => arena.GuardAsync(async () =>
    {
        var connect = Packets.Connect("twin");
        while (true)
        {
            arena.Token.ThrowIfCancellationRequested();
            if (await arena.OpenAsync(connect) is { } peer)
            {
                using (peer)
                {
                    await arena.EndAsync(peer);
                }
            }
        }
    })));
}
