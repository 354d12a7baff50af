namespace Cassini.Bystander.Attacks;

/// <summary>As many connections as the broker lets it have, and then further attempts.</summary>
internal sealed class Connections : IAttack
{
    public Task PrepareAsync(Arena arena) => Task.CompletedTask;

    public Task RunAsync(Arena arena) =>
        arena.OpenManyAsync(int.MaxValue, number => Packets.Connect($"one-of-many-{number}"), drain: false);
}
