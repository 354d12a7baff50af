namespace Cassini.Tests.Architecture.Specimens.Innocent;

internal sealed record UsesOnlyItsOwnRoom(Helper Helper, IReadOnlyList<int> Numbers)
{
    public async Task<int> UseAsync()
    {
        await Task.Yield();
        return Numbers.Select(number => number + Helper.Offset).Sum();
    }
}

internal sealed class Helper
{
    public int Offset { get; init; }
}
