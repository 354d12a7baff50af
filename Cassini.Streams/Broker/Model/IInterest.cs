namespace Cassini.Streams.Broker.Model;

/// <summary>
/// Hears what the clients of this node subscribe to. Called under the lock of the tree: it must be quick, and call nobody.
/// </summary>
internal interface IInterest
{
    /// <summary>A subscription was added.</summary>
    void OnAdded(Subscription subscription);

    /// <summary>A subscription was removed.</summary>
    void OnRemoved(Subscription subscription);

    /// <summary>A shared subscription has another number of members. Under its lock: it must be quick.</summary>
    /// <param name="filter">Its filter, <c>$share/NAME/FILTER</c>.</param>
    /// <param name="reachable">How many can be reached.</param>
    /// <param name="lasting">How many can be reached, or keep messages while they cannot; 0 for none any more.</param>
    void OnShareChanged(string filter, int reachable, int lasting);
}
