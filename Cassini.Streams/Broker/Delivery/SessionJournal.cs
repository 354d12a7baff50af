using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Delivery;

/// <summary>
/// Puts the changes of one session into the store for as long as the session is one that outlives its connections. Belongs to the
/// session's lock, so that the changes arrive in their order.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="clientId">The client whose session it is.</param>
/// <param name="disk">The disk that all have for messages that are in the store alone.</param>
/// <param name="account">Who has some of it.</param>
internal sealed class SessionJournal(IBrokerStore store, string clientId, SharedResource disk, Account account)
{
    private ISessionStore? _kept;

    /// <summary>
    /// The ticket of its last change but for what the client has acknowledged; 0 when there was none.
    /// </summary>
    public long LastTicket { get; private set; }

    /// <summary>The session was opened, or its expiry interval has changed: from now on it is kept, unless that is 0.</summary>
    /// <param name="identity">Whose session it is.</param>
    /// <param name="seconds">The session expiry interval.</param>
    /// <param name="hasBacklog">Whether it has messages that are in the store alone: then it is kept until it ends.</param>
    public void PutExpiry(string identity, uint seconds, bool hasBacklog)
    {
        if (seconds == 0 && !(hasBacklog && _kept is not null))
        {
            DeleteSession();
            return;
        }

        var session = new SessionRecord(clientId, identity, seconds);
        if (_kept is null)
        {
            _kept = store.OpenSession(session);
        }
        else
        {
            _kept.Put(session);
        }

        Note();
    }

    /// <summary>
    /// The session moves here from another node. Until <see cref="PutExpiry"/> it is stored as one that ends with its connection: after a
    /// crash before that, it is still on the other node, and not here.
    /// </summary>
    public void BeginArrival(string identity)
    {
        _kept = store.OpenSession(new SessionRecord(clientId, identity, 0));
        Note();
    }

    /// <summary>Whether the session is kept, in a store that gives its messages back.</summary>
    public bool GivesBack => _kept is { GivesBack: true };

    /// <summary>Where the message lies that was put last.</summary>
    public StoredPlace LastPlace => _kept!.LastPlace;

    /// <summary>How far the changes of the store are durable.</summary>
    public Durability Durability => store.Durability;

    /// <summary>The store has the session already.</summary>
    public void Restore(ISessionStore kept) => _kept = kept;

    /// <summary>All of the session follows once more.</summary>
    /// <returns>False when it is not kept: then nothing may follow.</returns>
    public bool BeginRewrite(string identity, uint seconds, bool isConnected, TimeSpan since)
    {
        _kept?.BeginRewrite(new SessionRecord(clientId, identity, seconds), isConnected, since);
        return _kept is not null;
    }

    /// <summary>Takes disk for a message that is to be in the store alone.</summary>
    /// <returns>False when its identity may have no more.</returns>
    public bool TryTakeDisk(long bytes) => disk.TryTake(account, bytes) == QuotaVerdict.Taken;

    /// <summary>Takes disk for messages that are in the store alone already.</summary>
    public void TakeDisk(long bytes) => disk.Take(account, bytes, bytes);

    /// <summary>Messages are in the store alone no more.</summary>
    public void ReturnDisk(long bytes) => disk.Return(account, bytes, bytes);

    /// <summary>Reads messages that are in the store alone. Without the session's lock.</summary>
    /// <inheritdoc cref="ISessionStore.ReadAsync"/>
    public ValueTask<IReadOnlyList<QueuedMessage>> ReadAsync(
        Func<StoredCopy[]> wanted, int attempts, CancellationToken cancellationToken) =>
        _kept is { } kept ? kept.ReadAsync(wanted, attempts, cancellationToken) : new([]);

    /// <summary>Not all of it can be written anew.</summary>
    public void AbandonRewrite() => _kept?.AbandonRewrite();

    /// <summary>Whether the session is kept. Any thread.</summary>
    public bool IsKept => Volatile.Read(ref _kept) is not null;

    public void PutAgain(in QueuedMessage message, ushort packetId = 0, DeliveryState state = DeliveryState.Done)
    {
        _kept?.PutAgain(message, packetId, state);
        Track();
    }

    /// <summary>The session has got or lost its connection.</summary>
    public void PutPresence(bool isConnected)
    {
        _kept?.PutPresence(isConnected);
        Track();
    }

    /// <summary>The session has ended, or ends with its connection from now on: it is not kept any more.</summary>
    public void DeleteSession()
    {
        if (_kept is { } kept)
        {
            kept.End();
            Note();
            _kept = null;
        }
    }

    /// <summary>The session has ended, but the store keeps it until others have what it had not finished.</summary>
    /// <returns>What keeps it; null when nothing does.</returns>
    public ISessionStore? LeaveSession()
    {
        var kept = _kept;
        kept?.BeginEnd();
        Note();
        _kept = null;
        return kept;
    }

    /// <param name="subscription">The subscription.</param>
    /// <param name="awaitsRetained">Whether it has still to get retained messages.</param>
    public void PutSubscription(Subscription subscription, bool awaitsRetained)
    {
        _kept?.PutSubscription(new SubscriptionRecord(
            subscription.Filter, subscription.QoS, subscription.NoLocal, subscription.RetainAsPublished, [.. subscription.Identifiers],
            awaitsRetained));
        Note();
    }

    /// <summary>A subscription has got all its retained messages.</summary>
    public void EndRetained(string filter) => _kept?.EndRetained(filter);

    public void DeleteSubscription(string filter)
    {
        _kept?.DeleteSubscription(filter);
        Note();
    }

    public void PutMessage(in QueuedMessage message)
    {
        _kept?.PutMessage(message);
        Note();
    }

    public void PutDelivery(long sequence, ushort packetId, DeliveryState state)
    {
        _kept?.PutDelivery(sequence, packetId, state);
        Track();
    }

    public void DeleteMessage(long sequence)
    {
        _kept?.DeleteMessage(sequence);
    }

    public void PutReceived(ushort packetId)
    {
        _kept?.PutReceived(packetId);
        Note();
    }

    public void DeleteReceived(ushort packetId)
    {
        _kept?.DeleteReceived(packetId);
        Note();
    }

    /// <summary>What is answered now must not be answered before all its changes are durable.</summary>
    public void NoteAgain() => Durability.Note(LastTicket);

    private void Note()
    {
        Track();
        Durability.Note(LastTicket);
    }

    private void Track() => LastTicket = _kept?.LastTicket ?? LastTicket;
}
