namespace Cassini.Bystander.Attacks;

/// <summary>300 connections subscribe to everything that is retained, 64 times over, and unsubscribe, all the time.</summary>
internal sealed class RetainedSteady : IAttack
{
    private IReadOnlyList<Peer> _peers = [];

    public async Task PrepareAsync(Arena arena)
    {
        await RetainedTopics.StoreAsync(arena);
        _peers = await arena.OpenManyAsync(300, number => Packets.Connect($"steady-{number}"));
    }

    public Task RunAsync(Arena arena)
    {
        var subscribe = Packets.Subscribe(0, RetainedTopics.Filters);
        var unsubscribe = Packets.Unsubscribe(RetainedTopics.Filters);
        return arena.AllAsync(_peers, async (peer, _) =>
        {
            while (true)
            {
                await peer.SendAsync(subscribe, arena.Token);
                await peer.AnswerAsync(arena.Token);
                await peer.SendAsync(unsubscribe, arena.Token);
                await peer.AnswerAsync(arena.Token);
            }
        });
    }
}
