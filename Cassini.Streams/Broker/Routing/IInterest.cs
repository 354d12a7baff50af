using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Routing;

/// <summary>
/// Hears what the clients of this node subscribe to. Called under the lock of the tree: it must be quick, and call nobody.
/// </summary>
internal interface IInterest
{
    /// <summary>A subscription was added.</summary>
    void OnAdded(Subscription subscription);

    /// <summary>A subscription was removed.</summary>
    void OnRemoved(Subscription subscription);
}
