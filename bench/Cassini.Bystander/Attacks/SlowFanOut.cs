namespace Cassini.Bystander.Attacks;

/// <summary>One QoS 1 message of 1 MiB to 1,500 sessions that do not read.</summary>
internal sealed class SlowFanOut : IAttack
{
    private IReadOnlyList<Peer> _publishers = [];

    public async Task PrepareAsync(Arena arena)
    {
        _publishers = await arena.OpenManyAsync(1, _ => Packets.Connect("large"));
        var sessions = await arena.OpenManyAsync(1_500, number => Packets.Connect($"slow-{number}"), drain: false);
        var subscribe = Packets.Subscribe(1, ["large"]);
        await arena.AllAsync(sessions, (peer, _) => peer.SendAsync(subscribe, arena.Token));
    }

    public Task RunAsync(Arena arena)
    {
        var message = Packets.Publish("large", 1, (1 << 20) - 64);
        return arena.AllAsync(_publishers, (peer, _) => peer.SendAsync(message, arena.Token));
    }
}
