namespace Cassini.Bystander.Attacks;

/// <summary>As many retained topics as possible, each with a long name of many levels that no other topic has.</summary>
internal sealed class Topics : IAttack
{
    private const int Levels = 60;
    private IReadOnlyList<Peer> _peers = [];

    public async Task PrepareAsync(Arena arena) => _peers = await arena.OpenManyAsync(4, number => Packets.Connect($"names-{number}"));

    public Task RunAsync(Arena arena) => arena.AllAsync(_peers, async (peer, number) =>
    {
        for (var i = 0; ; i++)
        {
            var topic = string.Join('/', Enumerable.Range(0, Levels).Select(level => $"{number}{i:x}{level:x2}-level"));
            await peer.SendAsync(Packets.Publish(topic, 1, 0x10, retain: true), arena.Token);
            if (i % 100 == 99)
            {
                await peer.BarrierAsync(arena.Token);
            }
        }
    });
}
