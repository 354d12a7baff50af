namespace Cassini.Bystander.Attacks;

/// <summary>
/// As many shared groups as it gets, up to 100,000, of one filter, and 40 connections of which each sends 32 KB of small messages to a
/// topic, once. With another filter than the topic they match what others publish too.
/// </summary>
internal sealed class SharedGroups(string filter) : IAttack
{
    private const int Members = 100;
    private const int FiltersInPacket = 250;
    private const int PacketsOfMember = 4;
    private IReadOnlyList<Peer> _publishers = [];

    public async Task PrepareAsync(Arena arena)
    {
        _publishers = await arena.OpenManyAsync(40, number => Packets.Connect($"to-groups-{number}"));
        var members = await arena.OpenManyAsync(Members, number => Packets.Connect($"member-{number}"));
        await arena.AllAsync(members, async (peer, number) =>
        {
            for (var packet = 0; packet < PacketsOfMember; packet++)
            {
                var first = ((number * PacketsOfMember) + packet) * FiltersInPacket;
                var filters = Enumerable.Range(first, FiltersInPacket).Select(group => $"$share/g{group}/{filter}");
                await peer.SendAsync(Packets.Subscribe(0, filters), arena.Token);
            }

            await peer.BarrierAsync(arena.Token);
        });
    }

    public Task RunAsync(Arena arena)
    {
        var messages = Packets.Repeat(Packets.Publish("groups", 0, 0), 32_768);
        return arena.AllAsync(_publishers, (peer, _) => peer.SendAsync(messages, arena.Token));
    }
}
