namespace Cassini.Streams.Broker.Model;

/// <summary>Where messages of one topic go, as the tree was at <paramref name="Version"/>.</summary>
internal sealed record Route(long Version, Subscription[] Subscriptions, SharedGroup[] Groups)
{
    public bool IsEmpty => Subscriptions.Length == 0 && Groups.Length == 0;

    /// <summary>What keeping it costs, in references.</summary>
    public int Weight => Subscriptions.Length + Groups.Length;
}
