namespace Cassini.Bystander.Attacks;

/// <summary>50,000 retained messages, and 64 filters each of which matches all of them.</summary>
internal static class RetainedTopics
{
    private const int Count = 50_000;

    public static IReadOnlyList<string> Filters { get; } = Overlapping("abcdef", 64, "/#");

    /// <summary>Filters of which each has a level or a wildcard in each place.</summary>
    public static IReadOnlyList<string> Overlapping(string levels, int count, string end) =>
        [.. Enumerable.Range(0, count).Select(mask =>
            string.Join('/', levels.Select((level, place) => (mask >> place & 1) == 0 ? level : '+')) + end)];

    public static async Task StoreAsync(Arena arena)
    {
        if (await arena.OpenAsync(Packets.Connect("retainer")) is not { } peer)
        {
            return;
        }

        arena.Drain(peer);
        for (var first = 0; first < Count; first += 250)
        {
            var batch = Enumerable.Range(first, 250)
                .SelectMany(i => Packets.Publish($"a/b/c/d/e/f/{i / 250}/{i % 250}", 1, 32, retain: true));
            await peer.SendAsync(batch.ToArray(), arena.Token);
        }

        await peer.BarrierAsync(arena.Token);
    }
}
