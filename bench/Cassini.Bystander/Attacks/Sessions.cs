namespace Cassini.Bystander.Attacks;

/// <summary>As many sessions as the broker keeps for it: each connects under a name of its own, and leaves.</summary>
internal sealed class Sessions : IAttack
{
    public Task PrepareAsync(Arena arena) => Task.CompletedTask;

    public Task RunAsync(Arena arena) => arena.EachAsync(int.MaxValue, async number =>
    {
        using var peer = await arena.OpenAsync(Packets.Connect($"kept-{number}", Packets.SevenDays));
        if (peer is not null)
        {
            await peer.SendAsync(Packets.Disconnect, arena.Token);
            await arena.EndAsync(peer);
        }
    });
}
