namespace Cassini.Bystander.Attacks;

/// <summary>60 connections that never read send what must be answered: PINGREQ, SUBSCRIBE or QoS 1 messages.</summary>
internal sealed class UnreadAnswers : IAttack
{
    private IReadOnlyList<Peer> _peers = [];

    public async Task PrepareAsync(Arena arena) =>
        _peers = await arena.OpenManyAsync(60, number => Packets.Connect($"deaf-{number}"), drain: false);

    public Task RunAsync(Arena arena)
    {
        byte[][] kinds =
        [
            Packets.Repeat(Packets.Ping, 16_384),
            Packets.Repeat(Packets.Subscribe(1, Enumerable.Range(0, 100).Select(i => $"deaf/{i}")), 16_384),
            Packets.Repeat(Packets.Publish("deaf/none", 1, 8), 16_384),
        ];
        return arena.AllAsync(_peers, (peer, number) => arena.FloodAsync(peer, kinds[number % kinds.Length]));
    }
}
