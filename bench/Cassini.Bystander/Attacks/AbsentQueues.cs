namespace Cassini.Bystander.Attacks;

/// <summary>40 absent sessions, each with a queue of its own, and publishers that fill them: together more than the memory limit.</summary>
internal sealed class AbsentQueues : IAttack
{
    private const int Absent = 40;
    private IReadOnlyList<Peer> _publishers = [];

    public async Task PrepareAsync(Arena arena)
    {
        _publishers = await arena.OpenManyAsync(4, number => Packets.Connect($"filler-{number}"));
        await arena.EachAsync(Absent, async number =>
        {
            if (await arena.OpenAsync(Packets.Connect($"away-{number}", Packets.SevenDays)) is { } peer)
            {
                using (peer)
                {
                    await peer.SendAsync((byte[])[.. Packets.Subscribe(1, [$"queues/{number}"]), .. Packets.Disconnect], arena.Token);
                    await arena.EndAsync(peer);
                }
            }
        });
    }

    public Task RunAsync(Arena arena) => arena.AllAsync(_publishers, async (peer, number) =>
    {
        for (var i = number; ; i++)
        {
            await peer.SendAsync(Packets.Publish($"queues/{i % Absent}", 1, 100_000), arena.Token);
        }
    });
}
