using Cassini.Streams.Cluster.Interest;

namespace Cassini.Streams.Cluster.Sessions;

/// <summary>Which clients have a session on this node, or want one. Thread-safe.</summary>
/// <param name="interest">Tells the peers.</param>
/// <param name="time">The one clock.</param>
internal sealed class OwnClients(OwnInterest interest, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, Client> _clients = [];

    /// <summary>A client has connected.</summary>
    /// <param name="client">The client.</param>
    /// <param name="clientId">Its identifier.</param>
    /// <param name="after">The latest stamp that others have for it.</param>
    /// <param name="before">The wish that must end first; null for none.</param>
    /// <returns>The wish; null when another one must end first, or when the session is here.</returns>
    public SessionWish? TryWish(ulong client, string clientId, long after, out SessionWish? before)
    {
        lock (_lock)
        {
            var known = _clients.GetValueOrDefault(client);
            before = known?.Wish;
            if (before is not null || known is { Phase: not ClaimPhase.Wanted })
            {
                return null;
            }

            var stamp = Math.Max(time.GetUtcNow().UtcTicks, after < long.MaxValue ? after + 1 : after);
            var wish = new SessionWish(stamp, interest.Put(new ClientClaim(client, stamp, ClaimPhase.Wanted)));
            _clients[client] = new Client(clientId, stamp, ClaimPhase.Wanted) { Wish = wish };
            return wish;
        }
    }

    /// <summary>The wish is over: the session is here, or nothing is.</summary>
    public void EndWish(ulong client, SessionWish wish)
    {
        lock (_lock)
        {
            if (_clients.GetValueOrDefault(client) is { } known && known.Wish == wish)
            {
                known.Wish = null;
                if (known.Phase == ClaimPhase.Wanted)
                {
                    _clients.Remove(client);
                    interest.Remove(client);
                }
            }
        }

        wish.End();
    }

    /// <summary>The session is here.</summary>
    public void Hold(ulong client, string clientId, ulong owner, (ClaimPhase Phase, bool HasBegunHere) held, DateTimeOffset since)
    {
        lock (_lock)
        {
            var known = _clients.GetValueOrDefault(client);
            if (known?.Phase == held.Phase)
            {
                return;
            }

            var stamp = known?.Stamp ?? since.UtcTicks;
            var now = new Client(clientId, stamp, held.Phase) { Wish = known?.Wish, Owner = owner, HasBegunHere = held.HasBegunHere };
            _clients[client] = now;
            interest.Put(now.Claim(client));
        }
    }

    /// <summary>The client of a session that is here has connected again.</summary>
    public void Renew(ulong client)
    {
        lock (_lock)
        {
            if (_clients.GetValueOrDefault(client) is { Phase: not ClaimPhase.Wanted } known)
            {
                var stamp = Math.Max(time.GetUtcNow().UtcTicks, known.Stamp + 1);
                var now = new Client(known.ClientId, stamp, known.Phase)
                {
                    Wish = known.Wish,
                    Owner = known.Owner,
                    HasBegunHere = known.HasBegunHere,
                };
                _clients[client] = now;
                interest.Put(now.Claim(client));
            }
        }
    }

    /// <summary>The session is here no more.</summary>
    public void End(ulong client)
    {
        lock (_lock)
        {
            if (_clients.GetValueOrDefault(client) is not { Phase: not ClaimPhase.Wanted } known)
            {
                return;
            }

            if (known.Wish is null)
            {
                _clients.Remove(client);
                interest.Remove(client);
            }
            else
            {
                // Another one is about to be made in its place.
                _clients[client] = new Client(known.ClientId, known.Stamp, ClaimPhase.Wanted) { Wish = known.Wish };
                interest.Put(new ClientClaim(client, known.Stamp, ClaimPhase.Wanted));
            }
        }
    }

    /// <summary>Whether this node has a session or a wish; with the wish, and what the node has said.</summary>
    public (string ClientId, ClientClaim Claim, SessionWish? Wish)? Find(ulong client)
    {
        lock (_lock)
        {
            return _clients.GetValueOrDefault(client) is { } known ? (known.ClientId, known.Claim(client), known.Wish) : null;
        }
    }

    private sealed class Client(string clientId, long stamp, ClaimPhase phase)
    {
        public string ClientId => clientId;

        public long Stamp => stamp;

        public ClaimPhase Phase => phase;

        /// <summary>A hash of the identity that the session belongs to.</summary>
        public ulong Owner { get; init; }

        /// <summary>See <see cref="ClientClaim.HasBegunHere"/>.</summary>
        public bool HasBegunHere { get; init; }

        /// <summary>That of a client that is about to be attached; null when there is none.</summary>
        public SessionWish? Wish { get; set; }

        /// <summary>What this node says of it.</summary>
        public ClientClaim Claim(ulong client) => new(client, stamp, phase) { Owner = Owner, HasBegunHere = HasBegunHere };
    }
}
