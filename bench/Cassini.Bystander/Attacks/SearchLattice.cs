namespace Cassini.Bystander.Attacks;

/// <summary>
/// 25 sessions with 1,000 filters each that match nothing, but so that a search must look at nearly all of their nodes: each of their first
/// levels is the name or the wildcard. 24 connections publish to topics that were not searched for before.
/// </summary>
internal sealed class SearchLattice : IAttack
{
    private const int Sessions = 25;
    private const int FiltersInPacket = 250;
    private const int PacketsOfSession = 4;
    private const int Levels = 62;
    private const int Doubled = 15;
    private IReadOnlyList<Peer> _publishers = [];

    public async Task PrepareAsync(Arena arena)
    {
        _publishers = await arena.OpenManyAsync(24, number => Packets.Connect($"searching-{number}"));
        var sessions = await arena.OpenManyAsync(Sessions, number => Packets.Connect($"lattice-{number}"));
        await arena.AllAsync(sessions, async (peer, number) =>
        {
            for (var packet = 0; packet < PacketsOfSession; packet++)
            {
                var first = ((number * PacketsOfSession) + packet) * FiltersInPacket;
                var filters = Enumerable.Range(first, FiltersInPacket).Select(bits => $"{Prefix(bits)}/zz");
                await peer.SendAsync(Packets.Subscribe(0, filters), arena.Token);
            }

            await peer.BarrierAsync(arena.Token);
        });
    }

    public Task RunAsync(Arena arena)
    {
        var topic = Prefix(0);
        return arena.AllAsync(_publishers, async (peer, number) =>
        {
            for (var i = 0; ; i++)
            {
                await peer.SendAsync(Packets.Publish($"{topic}/{number}-{i}", 1, 8), arena.Token);
            }
        });
    }

    /// <summary>A wildcard where the number has a bit.</summary>
    private static string Prefix(int bits) =>
        string.Join('/', Enumerable.Range(0, Levels).Select(level => level < Doubled && ((bits >> level) & 1) != 0 ? "+" : "a"));
}
