namespace Cassini.Bystander.Attacks;

/// <summary>Two shared groups with 3,000 absent members each, of which one has a present member too, and publishes to both.</summary>
internal sealed class AbsentMembers : IAttack
{
    private const string Away = "$share/g/away";
    private const string Half = "$share/h/half";
    private IReadOnlyList<Peer> _publishers = [];

    public async Task PrepareAsync(Arena arena)
    {
        _publishers = await arena.OpenManyAsync(20, number => Packets.Connect($"to-absent-{number}"));
        var present = await arena.OpenManyAsync(1, _ => Packets.Connect("present"));
        await arena.AllAsync(present, (peer, _) => peer.SendAsync(Packets.Subscribe(1, [Half]), arena.Token));
        await arena.EachAsync(3_000, async number =>
        {
            if (await arena.OpenAsync(Packets.Connect($"absent-{number}", Packets.SevenDays)) is { } peer)
            {
                using (peer)
                {
                    await peer.SendAsync((byte[])[.. Packets.Subscribe(1, [Away, Half]), .. Packets.Disconnect], arena.Token);
                    await arena.EndAsync(peer);
                }
            }
        });
    }

    public Task RunAsync(Arena arena)
    {
        var messages = Packets.Repeat([.. Packets.Publish("away", 1, 8), .. Packets.Publish("half", 1, 8)], 16_384);
        return arena.AllAsync(_publishers, (peer, _) => arena.FloodAsync(peer, messages));
    }
}
