using System.Collections.Immutable;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Sessions;
using Cassini.Streams.Cluster.Interest;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Cluster.Sessions;

/// <summary>
/// Has one session for each client identifier of the fleet. A node says that it wants a session before its client is attached; when all
/// live peers know that, those that have one are asked for it. Of two wishes at once the later one holds, on all nodes. Thread-safe.
/// </summary>
/// <param name="node">The name of this node.</param>
/// <param name="clients">Who has a session here.</param>
/// <param name="peers">The other nodes.</param>
/// <param name="confirmed">The versions of what this node wants that all live peers have confirmed.</param>
/// <param name="taker">Brings sessions here.</param>
/// <param name="sessions">The sessions of this node.</param>
/// <param name="patience">How long a client waits for a session that is on its way between two other nodes, or from here.</param>
/// <param name="time">The one clock.</param>
internal sealed class FleetSessions(
    string node, OwnClients clients, IPeers peers, Watermark confirmed, SessionTaker taker, SessionTable sessions, TimeSpan patience,
    TimeProvider time) : IFleetSessions
{
    /// <summary>After so long it is looked again where a session is that was on its way.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <inheritdoc/>
    public bool HasJoined => peers.HasJoined;

    /// <inheritdoc/>
    public Task<bool> WhenJoinedAsync(CancellationToken cancellationToken) => peers.WhenJoinedAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task<SessionClaim> ClaimAsync(AttachRequest request, CancellationToken cancellationToken)
    {
        if (NodeQueue.IsOne(request.ClientId))
        {
            return Refused(
                ReasonCode.ClientIdentifierNotValid, $"client identifiers that begin with {NodeQueue.Prefix} are those of the fleet");
        }

        if (!await peers.WhenJoinedAsync(cancellationToken).ConfigureAwait(false))
        {
            return Refused(ReasonCode.ServerUnavailable, "this node takes no part in its fleet yet");
        }

        var began = time.GetTimestamp();
        var client = ClientHash.Of(request.ClientId);
        SessionWish? wish = null;
        while (wish is null)
        {
            if (sessions.Find(request.ClientId) is { IsLeaving: true })
            {
                if (time.GetElapsedTime(began) >= patience)
                {
                    return Refused(ReasonCode.ServerBusy, "the session is moving to another node of the fleet");
                }

                await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
                continue;
            }

            // Later than any of others, so that it is theirs that ends.
            var after = peers.OwnersOf(client).Select(owner => owner.Claim.Stamp).DefaultIfEmpty().Max();
            wish = clients.TryWish(client, request.ClientId, after, out var before);
            if (before is not null)
            {
                await before.Ended.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            else if (wish is null)
            {
                return await ConfirmAsync(client, began, cancellationToken).ConfigureAwait(false);
            }
        }

        var isOver = true;
        try
        {
            var refusal = await BringAsync(client, request, wish, began, cancellationToken).ConfigureAwait(false);
            isOver = refusal is not null;
            return refusal is var (reason, detail)
                ? Refused(reason, detail)
                : new SessionClaim(ReasonCode.Success, "", () => clients.EndWish(client, wish))
                {
                    IsTakeOver = wish.HasTakenOver,
                    WasHere = wish.HasBrought,
                };
        }
        finally
        {
            if (isOver)
            {
                clients.EndWish(client, wish);
            }
        }
    }

    /// <inheritdoc/>
    public bool IsElsewhere(string clientId) => !peers.OwnersOf(ClientHash.Of(clientId)).IsEmpty;

    /// <inheritdoc/>
    public void OnHeld(string clientId, string identity, HeldSession held, DateTimeOffset since)
    {
        // What is kept for other nodes is of each node.
        if (!NodeQueue.IsOne(clientId))
        {
            var (phase, hasBegunHere) = (
                held == HeldSession.EndsWithConnection ? ClaimPhase.Held : ClaimPhase.Kept, held == HeldSession.HasBegun);
            clients.Hold(ClientHash.Of(clientId), clientId, ClientHash.Of(identity), (phase, hasBegunHere), since);
        }
    }

    /// <inheritdoc/>
    public void OnServed(string clientId) => clients.Renew(ClientHash.Of(clientId));

    /// <inheritdoc/>
    public void OnEnded(string clientId) => clients.End(ClientHash.Of(clientId));

    /// <summary>The session is here already. One that was here before a restart may have a later one elsewhere.</summary>
    private async Task<SessionClaim> ConfirmAsync(ulong client, long began, CancellationToken cancellationToken)
    {
        if (peers.IsConnected)
        {
            await peers.WhenKnownAsync(cancellationToken).ConfigureAwait(false);
        }

        // One that has an earlier session ends it when it hears of this one: until then a crash here would leave the earlier one.
        while (peers.OwnersOf(client).Any(owner => owner.IsLive && owner.Claim.Phase == ClaimPhase.Kept)
            && time.GetElapsedTime(began) < patience)
        {
            await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
        }

        return clients.Find(client) is var (_, own, _) && peers.OwnersOf(client).Any(
            owner => owner.Claim.HoldsAgainst(own, owner.Node, node) || (owner.IsLive && owner.Claim.Phase == ClaimPhase.Kept))
            ? Refused(ReasonCode.ServerBusy, "another node takes the client identifier, or has it")
            : new SessionClaim(ReasonCode.Success, "", static () => { }) { WasHere = true };
    }

    private static SessionClaim Refused(ReasonCode reason, string detail) => new(reason, detail, static () => { });

    private async Task<(ReasonCode Reason, string Detail)?> BringAsync(
        ulong client, AttachRequest request, SessionWish wish, long began, CancellationToken cancellationToken)
    {
        if (peers.IsConnected)
        {
            await peers.WhenKnownAsync(cancellationToken).ConfigureAwait(false);
            await confirmed.WhenReachedAsync(wish.Version, cancellationToken).ConfigureAwait(false);
        }

        while (await BringFromOwnersAsync(client, request, wish, cancellationToken).ConfigureAwait(false)
            is var (reason, detail, isOnItsWay))
        {
            if (!isOnItsWay || wish.IsLost || time.GetElapsedTime(began) >= patience)
            {
                return (reason, detail);
            }

            // It comes to a node whose wish was earlier than this one, and is asked for there.
            await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
        }

        if (!wish.TryGrant())
        {
            return (ReasonCode.ServerBusy, "another node takes the client identifier");
        }

        peers.Supersede(client);
        return null;
    }

    private async Task<(ReasonCode Reason, string Detail, bool IsOnItsWay)?> BringFromOwnersAsync(
        ulong client, AttachRequest request, SessionWish wish, CancellationToken cancellationToken)
    {
        // Who has asked meanwhile may have got it from one that says now that it has none: it is asked, too.
        var asked = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            var owners = peers.OwnersOf(client);
            var refusal = await BringFromOwnersAsync(owners, asked, client, request, wish, cancellationToken).ConfigureAwait(false);
            owners = peers.OwnersOf(client);
            if (refusal is not null)
            {
                return refusal;
            }

            if (!owners.All(owner => asked.Contains(owner.Node)))
            {
                continue;
            }

            return owners.IsEmpty && !request.CleanStart && !wish.HasBrought && peers.IsSought(client)
                ? (ReasonCode.ServerBusy, "the session was on a node that was lost, and has gone from there", true)
                : null;
        }
    }

    private async Task<(ReasonCode Reason, string Detail, bool IsOnItsWay)?> BringFromOwnersAsync(
        ImmutableArray<ClientOwner> owners, HashSet<string> asked, ulong client, AttachRequest request, SessionWish wish,
        CancellationToken cancellationToken)
    {
        // Without the bus each node serves those whose sessions it has. When two have one of the same client, the later one stays.
        var own = new ClientClaim(client, wish.Stamp, ClaimPhase.Wanted);
        foreach (var owner in owners)
        {
            if (owner.Claim.HoldsAgainst(own, owner.Node, node))
            {
                return (ReasonCode.ServerBusy, $"the client identifier is taken on node {owner.Node}", false);
            }

            if (!asked.Add(owner.Node))
            {
                continue;
            }

            // Of several sessions the latest one is it. The others end when their nodes hear of that.
            if (owner.Claim.Phase == ClaimPhase.Kept && owners.Any(other => other.Claim.Phase != ClaimPhase.Wanted
                && other.Claim.HoldsAgainst(owner.Claim, other.Node, owner.Node)))
            {
                continue;
            }

            // Of one that is lost only what it keeps is known. One that cannot be asked just now may have got the session meanwhile.
            var refusal = owner.IsLive && peers.IsConnected
                ? await taker.BringAsync(owner, request, wish, cancellationToken).ConfigureAwait(false)
                : owner.Claim.Phase == ClaimPhase.Wanted && !request.CleanStart
                    ? (ReasonCode.ServerBusy, $"node {owner.Node} takes the session, and cannot be asked")
                : owner.Claim.Phase != ClaimPhase.Kept ? null
                : owner.Claim.Owner != ClientHash.Of(request.Identity)
                    ? (ReasonCode.NotAuthorized, "the client identifier belongs to another identity")
                : request.CleanStart ? null
                : SessionTaker.Unreachable(owner);
            if (refusal is var (reason, detail))
            {
                return (reason, detail, reason == ReasonCode.ServerBusy);
            }
        }

        return null;
    }
}
