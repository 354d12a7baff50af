namespace Cassini.Bystander.Attacks;

/// <summary>300 connections send nearly all of a CONNECT of 256 KB, and then nothing; whoever is cut off comes back.</summary>
internal sealed class UnfinishedConnect : IAttack
{
    public Task PrepareAsync(Arena arena) => Task.CompletedTask;

    public Task RunAsync(Arena arena)
    {
        var connect = Packets.Connect("never", will: new Will("never", 60_000, 195_000, 0));
        return Task.WhenAll(Enumerable.Range(0, 300).Select(_ => RepeatAsync(arena, connect.AsMemory(0, connect.Length - 8))));
    }

    private static async Task RepeatAsync(Arena arena, ReadOnlyMemory<byte> part)
    {
        while (!arena.Token.IsCancellationRequested)
        {
            await arena.GuardAsync(async () =>
            {
                using var peer = await arena.HandshakeAsync();
                await peer.SendAsync(part, arena.Token);
                await arena.EndAsync(peer);
            });
        }
    }
}
