namespace Cassini.Bystander.Attacks;

/// <summary>
/// 1,000 clients with wills of 1 MB, or of 250 KB where that is refused; eight subscribers read them. Then all connections end at once,
/// and half of the wills are due, while the other half is kept for a week.
/// </summary>
internal sealed class Wills : IAttack
{
    private const int Clients = 1_000;
    private const int Large = 1_000_000;
    private const int Small = 250_000;
    private const int Payload = 60_000;
    private IReadOnlyList<Peer> _peers = [];

    public async Task PrepareAsync(Arena arena)
    {
        var subscribers = await arena.OpenManyAsync(8, number => Packets.Connect($"heir-{number}"));
        await arena.AllAsync(subscribers, (peer, _) => peer.SendAsync(Packets.Subscribe(1, ["wills/#"]), arena.Token));
        var large = await arena.OpenManyAsync(20, number => Connect(number, Large));
        _peers = [.. large, .. await arena.OpenManyAsync(Clients, number => Connect(number + 20, large.Count > 0 ? Large : Small))];
    }

    public Task RunAsync(Arena arena)
    {
        foreach (var peer in _peers)
        {
            peer.Dispose();
        }

        return Task.CompletedTask;
    }

    private static byte[] Connect(int number, int size) => Packets.Connect(
        $"will-{number}", Packets.SevenDays, new Will($"wills/{number}", Payload, size - Payload, number % 2 == 0 ? 0 : Packets.SevenDays));
}
