namespace Cassini.Streams.Broker.Model;

/// <summary>The subscribers of one topic, as the tree was at <paramref name="Version"/>.</summary>
internal sealed record Route(long Version, Subscription[] Subscriptions, SharedGroup[] Groups)
{
    public bool IsEmpty => Subscriptions.Length == 0 && Groups.Length == 0;

    /// <summary>How many subscribers a message has: of a shared subscription one.</summary>
    public int Subscribers => Subscriptions.Length + Groups.Length;

    /// <summary>The cost of keeping the route, in references: two identifiers take as much as one.</summary>
    public int Weight { get; } = Groups.Length + Subscriptions.Sum(WeightOf);

    private static int WeightOf(Subscription subscription) => 1 + (subscription.Identifiers.Length / 2)
        + (subscription.ForOwnMessages is { } own ? 1 + (own.Identifiers.Length / 2) : 0);
}
