using Cassini.Streams.Broker;
using Cassini.Streams.Cluster.Interest;
using Cassini.Streams.Cluster.Sessions;

namespace Cassini.Streams.Cluster;

/// <summary>Of a client that has a session on two nodes, the earlier one ends: both find the same. For the lock of its node.</summary>
/// <param name="self">This node.</param>
/// <param name="peers">The peers.</param>
/// <param name="clients">Who has a session here.</param>
/// <param name="broker">Has the sessions.</param>
/// <param name="nodeLock">The lock of the node.</param>
/// <param name="tasks">Owns what goes on in the background.</param>
internal sealed class SessionConflicts(
    NodeRun self, PeerTable peers, OwnClients clients, MqttBroker broker, NodeLock nodeLock, NodeTasks tasks)
{
    /// <summary>A peer has said which clients have a session there.</summary>
    public void Settle(PeerNode peer, IEnumerable<ClientClaim> claims)
    {
        foreach (var claim in claims.Where(claim => claim.Phase != ClaimPhase.Wanted))
        {
            Supersede(claim.Client);
            if (clients.Find(claim.Client) is var (clientId, own, _) && own.Phase != ClaimPhase.Wanted
                && claim.HoldsAgainst(own, peer.Name, self.Node))
            {
                tasks.Add(EndAsync(clientId, claim.Client));
            }
        }
    }

    /// <summary>A client has a later session than those that peers keep which are gone: these do not count any more.</summary>
    public void Supersede(ulong client)
    {
        foreach (var gone in peers.Gone)
        {
            gone.Interest.Supersede(client);
        }
    }

    private async Task EndAsync(string clientId, ulong client)
    {
        // Not on the thread of the bus, and not under its lock.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        if (IsLater(client))
        {
            // Still: the session may have come back meanwhile, later than that one.
            await broker.Releasing.EndAsync(clientId).ConfigureAwait(false);
        }
    }

    private bool IsLater(ulong client)
    {
        using (nodeLock.Enter())
        {
            return clients.Find(client) is var (_, own, _) && peers.All.Any(
                peer => peer.Interest.Clients.TryGetValue(client, out var claim) && claim.Phase != ClaimPhase.Wanted
                    && claim.HoldsAgainst(own, peer.Name, self.Node));
        }
    }
}
