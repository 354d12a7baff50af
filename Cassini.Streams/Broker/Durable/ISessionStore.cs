using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Durable;

/// <summary>Keeps one session. Its members are called under the session's lock.</summary>
internal interface ISessionStore
{
    /// <summary>The ticket of its last change.</summary>
    long LastTicket { get; }

    /// <summary>Whether it gives copies back before the next start: see <see cref="ReadAsync"/>.</summary>
    bool GivesBack { get; }

    /// <summary>Where the copy lies that was put last. Only if it gives copies back.</summary>
    StoredPlace LastPlace { get; }

    /// <summary>Reads copies that were put and are durable. Any thread, without the session's lock.</summary>
    /// <param name="wanted">
    /// Which; called again after a failure, because they may have been written once more meanwhile. It takes the session's lock.
    /// </param>
    /// <param name="attempts">How often it is tried; each failure is shown by health, and followed by a pause.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>All of them, in their order.</returns>
    /// <exception cref="IOException">The last attempt failed.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled, or the store is closed.</exception>
    ValueTask<IReadOnlyList<QueuedMessage>> ReadAsync(Func<StoredCopy[]> wanted, int attempts, CancellationToken cancellationToken);

    /// <summary>
    /// All of it follows once more, as it is now: its subscriptions, its copies (<see cref="PutAgain"/>) and what it has received. What is
    /// in the store alone follows last, while the session goes on.
    /// </summary>
    /// <param name="session">The session.</param>
    /// <param name="isConnected">Whether it has a connection.</param>
    /// <param name="since">For how long that is so.</param>
    void BeginRewrite(SessionRecord session, bool isConnected, TimeSpan since);

    /// <summary>A copy that was put before: those in flight come in their order, and before those that wait.</summary>
    void PutAgain(in QueuedMessage message, ushort packetId, DeliveryState state);

    /// <summary>Not all of it can follow: what was written of it before must stay.</summary>
    void AbandonRewrite();

    /// <summary>Its expiry interval changed.</summary>
    void Put(SessionRecord session);

    /// <summary>It has got or lost its connection.</summary>
    void PutPresence(bool isConnected);

    /// <summary>
    /// It ended, but others have still to get what it had not finished. Only <see cref="DeleteMessage"/> and then <see cref="End"/> follow,
    /// without the session's lock.
    /// </summary>
    void BeginEnd();

    /// <summary>It ended, with everything that belongs to it. Nothing follows.</summary>
    void End();

    void PutSubscription(SubscriptionRecord subscription);

    void DeleteSubscription(string filter);

    /// <summary>A subscription that had still to get retained messages has got them.</summary>
    void EndRetained(string filter);

    /// <summary>A copy was queued.</summary>
    void PutMessage(in QueuedMessage message);

    /// <summary>The delivery of a copy reached a state, under a packet identifier.</summary>
    void PutDelivery(long sequence, ushort packetId, DeliveryState state);

    /// <summary>A copy was delivered, expired or dropped.</summary>
    void DeleteMessage(long sequence);

    /// <summary>A QoS 2 message was received: its identifier must be known until it is released.</summary>
    void PutReceived(ushort packetId);

    void DeleteReceived(ushort packetId);
}
