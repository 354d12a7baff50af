namespace Cassini.Tests.Store.Ledgers;

/// <summary>Groups whose bytes follow from their number and size.</summary>
internal static class SampleGroups
{
    /// <summary>A group of a size that follows from its number: mostly small, some larger than a page, some empty.</summary>
    public static byte[] Of(long number) => Of(number, (int)(number % 7 == 0 ? number * 997 % 20_000 : number * 131 % 1500));

    public static byte[] Of(long number, int size)
    {
        var group = new byte[size];
        for (var i = 0; i < group.Length; i++)
        {
            group[i] = (byte)((number * 31) + (i * 7) + (i >> 8));
        }

        return group;
    }
}
