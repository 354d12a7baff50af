using System.Globalization;
using Cassini.Load;

namespace Cassini.Bystander.Attacks;

/// <summary>The attacker's process: it prepares, attacks, says what it did, and is gone with all its connections.</summary>
internal static class AttackCommand
{
    public static async Task RunAsync(BystanderOptions options)
    {
        var attack = AllAttacks.Named(options.Name);
        var arena = new Arena(options.Port, new ClientTls(options.Certificates, "attacker", resume: true));
        var start = Measure.Now;
        await WithinAsync(arena, options.Preparation, () => attack.PrepareAsync(arena));
        var prepared = Measure.Since(start);
        var before = arena.Tally.ToString();
        await WithinAsync(arena, options.Duration, async () =>
        {
            await attack.RunAsync(arena);
            await arena.HoldAsync();
        });
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"prepared in {prepared.TotalSeconds:F1} s ({before}); in all {arena.Tally}"));
        Console.Out.Flush();
        Environment.Exit(0);
    }

    // The part is over when its time is, also for what does not look at the token.
    private static async Task WithinAsync(Arena arena, TimeSpan limit, Func<Task> run)
    {
        using var time = new CancellationTokenSource(limit, TimeProvider.System);
        arena.Token = time.Token;
        try
        {
            await arena.GuardAsync(run).WaitAsync(limit + TimeSpan.FromSeconds(2), TimeProvider.System);
        }
        catch (TimeoutException)
        {
            Console.Error.WriteLine("the attacker itself is slow");
        }
    }
}
