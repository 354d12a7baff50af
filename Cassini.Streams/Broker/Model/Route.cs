namespace Cassini.Streams.Broker.Model;

/// <summary>The subscribers of one topic.</summary>
/// <param name="Version">The version of the tree that they were found in.</param>
/// <param name="Subscriptions">One of each subscriber.</param>
/// <param name="Groups">The shared subscriptions.</param>
/// <param name="Steps">
/// The work of finding it, in steps: the nodes that were looked at, and the subscriptions that matched before those of one subscriber were
/// merged.
/// </param>
internal sealed record Route(long Version, Subscription[] Subscriptions, SharedGroup[] Groups, int Steps)
{
    /// <summary>Subscriptions that are found and merged in one step.</summary>
    public const int FoundInAStep = 4;

    private Subscription? _keeper;

    public bool IsEmpty => Subscriptions.Length == 0 && Groups.Length == 0;

    /// <summary>How many subscribers a message has: of a shared subscription one.</summary>
    public int Subscribers => Subscriptions.Length + Groups.Length;

    /// <summary>The cost of keeping the route, in references: two identifiers take as much as one.</summary>
    public int Weight { get; } = Groups.Length + Subscriptions.Sum(WeightOf);

    /// <summary>
    /// Whether a subscriber keeps messages of QoS 1 and 2 when it cannot be reached. Looking for one is work like finding the route; the
    /// one that was found last is looked at first.
    /// </summary>
    /// <param name="slice">Where the work counts.</param>
    public bool HasKeeper(ref WorkSlice slice)
    {
        if (Volatile.Read(ref _keeper) is { } known && known.IsKept)
        {
            return true;
        }

        var found = Array.Find(Subscriptions, subscription => subscription.IsKept);
        Volatile.Write(ref _keeper, found);
        var looks = Subscriptions.Length;
        var hasKeeper = found is not null || Array.Exists(Groups, group => group.HasKeeper(ref looks));
        slice.Take(1 + (looks / FoundInAStep));
        return hasKeeper;
    }

    private static int WeightOf(Subscription subscription) => 1 + (subscription.Identifiers.Length / 2)
        + (subscription.ForOwnMessages is { } own ? 1 + (own.Identifiers.Length / 2) : 0);
}
