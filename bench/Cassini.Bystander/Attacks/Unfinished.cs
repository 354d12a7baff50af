namespace Cassini.Bystander.Attacks;

/// <summary>600 connections send nine tenths of a PUBLISH of 1 MB, and then nothing.</summary>
internal sealed class Unfinished : IAttack
{
    private IReadOnlyList<Peer> _peers = [];

    public async Task PrepareAsync(Arena arena) =>
        _peers = await arena.OpenManyAsync(600, number => Packets.Connect($"unfinished-{number}"));

    public Task RunAsync(Arena arena)
    {
        var part = Packets.Publish("unfinished", 1, 1_000_000).AsMemory(0, 900_000);
        return arena.AllAsync(_peers, (peer, _) => peer.SendAsync(part, arena.Token));
    }
}
