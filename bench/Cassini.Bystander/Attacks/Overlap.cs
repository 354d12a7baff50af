namespace Cassini.Bystander.Attacks;

/// <summary>
/// Four sessions with 1,000 overlapping filters each, each filter with its own identifier; four publishers of messages that all of them
/// match; and four connections that subscribe and unsubscribe meanwhile.
/// </summary>
internal sealed class Overlap : IAttack
{
    private const int Filters = 1_000;
    private const string Topic = "a/b/c/d/e/f/g/h/i/j";
    private static readonly IReadOnlyList<string> All = RetainedTopics.Overlapping("abcdefghij", Filters, "");
    private IReadOnlyList<Peer> _publishers = [];
    private IReadOnlyList<Peer> _changing = [];

    public async Task PrepareAsync(Arena arena)
    {
        _publishers = await arena.OpenManyAsync(4, number => Packets.Connect($"publisher-{number}"));
        _changing = await arena.OpenManyAsync(4, number => Packets.Connect($"changing-{number}"));
        var subscribers = await arena.OpenManyAsync(4, number => Packets.Connect($"overlapping-{number}"));
        await arena.AllAsync(subscribers, async (peer, _) =>
        {
            var packets = All.SelectMany((filter, i) => Packets.Subscribe(1, [filter], identifier: i + 1_000));
            await peer.SendAsync(packets.ToArray(), arena.Token);
            await peer.BarrierAsync(arena.Token);
        });
    }

    public Task RunAsync(Arena arena)
    {
        var messages = Packets.Repeat(Packets.Publish(Topic, 1, 8), 16_384);
        return Task.WhenAll(
            arena.AllAsync(_publishers, (peer, _) => arena.FloodAsync(peer, messages)),
            arena.AllAsync(_changing, async (peer, number) =>
            {
                var change = (byte[])[.. Packets.Subscribe(1, [All[number]], identifier: 1), .. Packets.Unsubscribe([All[number]])];
                while (true)
                {
                    await peer.SendAsync(change, arena.Token);
                    await peer.AnswerAsync(arena.Token);
                    await peer.AnswerAsync(arena.Token);
                }
            }));
    }
}
