namespace Cassini.Bystander.Attacks;

/// <summary>200 connections subscribe at once to everything that is retained, 64 times over.</summary>
internal sealed class RetainedStorm : IAttack
{
    private IReadOnlyList<Peer> _peers = [];

    public async Task PrepareAsync(Arena arena)
    {
        await RetainedTopics.StoreAsync(arena);
        _peers = await arena.OpenManyAsync(200, number => Packets.Connect($"storm-{number}"));
    }

    public Task RunAsync(Arena arena)
    {
        var subscribe = Packets.Subscribe(0, RetainedTopics.Filters);
        return arena.AllAsync(_peers, (peer, _) => peer.SendAsync(subscribe, arena.Token));
    }
}
