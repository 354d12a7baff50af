using Cassini.Streams.Broker.Model;
using Cassini.Streams.Broker.Routing;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Cluster.Sessions;

namespace Cassini.Streams.Cluster.Links;

/// <summary>Only the sessions of some clients, or all but these. For one thread at a time.</summary>
/// <param name="isExcept">Whether all but these.</param>
internal sealed class NamedClients(bool isExcept) : IAddressees
{
    private readonly HashSet<ulong> _clients = new(HashComparer.Instance);

    /// <summary>These as well.</summary>
    /// <param name="clients">Hashes of clients.</param>
    public void Add(IEnumerable<ulong> clients) => _clients.UnionWith(clients);

    /// <inheritdoc/>
    public bool Includes(Subscriber subscriber) =>
        (subscriber is Session session && _clients.Contains(ClientHash.Of(session.ClientId))) != isExcept;
}
