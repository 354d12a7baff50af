namespace Cassini.Bystander.Attacks;

/// <summary>One attack: what it needs first, and what it then does. Both end when the arena's token says so.</summary>
internal interface IAttack
{
    Task PrepareAsync(Arena arena);

    Task RunAsync(Arena arena);
}
